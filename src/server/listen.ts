import { once } from "node:events";
import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { dirname } from "node:path";
import { ensurePrivateFolder } from "../disk/folder.js";
import { errorObject } from "../protocol/errors.js";
import { withSharedReads } from "./sharedReads.js";
import { clearSocketPath, pathWhileBinding, publishSocket, removeOwnSocket } from "./socketFile.js";

/** How the daemon listens. */
export interface ListenOptions {
  path: string;
  /**
   * Gets each connection. Sockets allow half-open: a client may end its side and still wait for answers, as
   * `printf … | nc` does, so whoever serves the socket has to end it.
   */
  onConnection: (socket: Socket) => void;
  /** Connections served at once; one more is told so and closed. */
  maxConnections: number;
  log?: { warn(fields: object, message: string): void };
  /** Longest time that closing waits for peers to take what was written to them. */
  closeWithinMs?: number;
}

/** A socket that is being listened on. */
export interface Listening {
  readonly server: Server;
  readonly path: string;
  /** Stops listening, ends every connection, and removes the socket if it is still this one; again is harmless. */
  close(): Promise<void>;
}

/** Connections over the limit that are being told so; whoever comes on top of these is dropped without a word. */
const MOST_REFUSALS = 64;
const REFUSAL_WITHIN_MS = 1_000;
const LEAST_BETWEEN_WARNINGS_MS = 10_000;

/**
 * Listens on a Unix socket of mode 0600 in a folder of the user's own; that is the access control. To be called
 * while the lock of the data folder is held, and closed before it is released.
 *
 * @throws {SocketBusyError} when somebody answers at the path; an Error when the folder is not private, when
 * something else lies there, or when the path is too long.
 */
export async function listenOnSocket(options: ListenOptions): Promise<Listening> {
  const { path, closeWithinMs = 1_000 } = options;
  // Closing a server makes libuv remove the path that it was bound to, whosever that is by then. So it is bound
  // to a name of its own, and the socket's path is removed here, where a successor's can be told from ours.
  const temporary = pathWhileBinding(path);
  await ensurePrivateFolder(dirname(path));
  await clearSocketPath(path);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => accept(socket, sockets, options));
  server.maxConnections = options.maxConnections + MOST_REFUSALS;
  await bind(server, temporary);
  warnOfErrors(server, options.log);
  const own = await publishSocket(temporary, path).catch((error: unknown) => {
    server.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.end();
    const deadline = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, closeWithinMs);
    try {
      await removeOwnSocket(path, own);
    } finally {
      await closed;
      clearTimeout(deadline);
    }
  };
  let closing: Promise<void> | undefined;
  return { server, path, close: () => (closing ??= close()) };
}

/** Binds so that the file has mode 0600 from its first moment. Node binds before `listen` returns. */
async function bind(server: Server, path: string): Promise<void> {
  const listening = once(server, "listening");
  const before = process.umask(0o177);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await listening;
}

/**
 * Out of descriptors, libuv closes what it cannot accept, and the server goes on; what it cannot close either
 * becomes an "error", which without a listener would end the daemon.
 */
function warnOfErrors(server: Server, log: ListenOptions["log"]): void {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  server.on("error", (error) => {
    const nowMs = performance.now();
    if (nowMs - lastAtMs < LEAST_BETWEEN_WARNINGS_MS) {
      unsaid += 1;
      return;
    }
    log?.warn({ event: "accept.failed", err: error, unsaid }, "a connection could not be accepted");
    lastAtMs = nowMs;
    unsaid = 0;
  });
}

function accept(accepted: Socket, sockets: Set<Socket>, options: ListenOptions): void {
  const socket = withSharedReads(accepted);
  // A peer may vanish at any time. Whoever serves it hears of it by "close".
  socket.on("error", () => undefined);
  const isOneTooMany = sockets.size >= options.maxConnections;
  if (isOneTooMany) {
    refuse(socket, options.maxConnections);
    return;
  }
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  try {
    options.onConnection(socket);
  } catch (error) {
    options.log?.warn({ event: "connection.failed", err: error }, "a connection could not be served");
    socket.destroy();
  }
}

/** Tells the newest connection why it is not served. What it sends is read and dropped, so it hears the answer. */
function refuse(socket: Socket, maxConnections: number): void {
  const error = errorObject({
    type: "limit_reached",
    message: `The daemon serves ${maxConnections} connections at once, and all of them are taken.`,
    hint: "Close a connection, or raise limits.connections in the daemon's configuration.",
    details: { limit: "connections", maximum: maxConnections },
  });
  const deadline = setTimeout(() => socket.destroy(), REFUSAL_WITHIN_MS);
  socket.once("close", () => clearTimeout(deadline));
  socket.resume();
  socket.end(`${JSON.stringify({ jsonrpc: "2.0", id: null, error })}\n`);
}
