import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { diskOperations, hasCode } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";

/** Somebody answers at the socket's path already. */
export class SocketBusyError extends Error {
  readonly path: string;

  constructor(path: string) {
    super(
      `Something answers at the socket ${path} already. Stop it, or choose another path with --socket or SESSIOND_SOCKET.`,
    );
    this.name = "SocketBusyError";
    this.path = path;
  }
}

/** Which file it is, whatever its name. */
export interface FileIdentity {
  readonly dev: number;
  readonly ino: number;
}

/** Bytes of a path that the kernel keeps for a socket; it cuts a longer one without a word. */
const MOST_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/**
 * A path beside the socket's for the time until it listens. Throws when the kernel would cut one of the two:
 * the socket would lie somewhere else.
 */
export function pathWhileBinding(path: string): string {
  const temporary = join(dirname(path), `.${randomBytes(4).toString("hex")}`);
  const bytes = Math.max(Buffer.byteLength(path), Buffer.byteLength(temporary));
  if (bytes <= MOST_PATH_BYTES) return temporary;
  throw new Error(
    `The socket ${path} needs a path of ${bytes} bytes, and this system takes ${MOST_PATH_BYTES}. ` +
      `Choose a shorter one with --socket or SESSIOND_SOCKET.`,
  );
}

/** Whether somebody listens at the socket. A listener that is stopped or has its hands full counts. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error) => {
      if (hasCode(error, "ECONNREFUSED", "ENOENT")) resolve(false);
      // Only a listener has a queue that can be full.
      else if (hasCode(error, "EAGAIN")) resolve(true);
      else reject(new Error(`The socket ${path} cannot be probed: ${error.message}. Remove it by hand.`));
    });
  });
}

/**
 * Frees the path of a socket that a dead daemon left behind. Only under the lock of the data folder: between
 * asking and removing, another daemon could have begun to listen there.
 *
 * @throws {SocketBusyError} when somebody answers there; an Error when what lies there is no socket.
 */
export async function clearSocketPath(path: string): Promise<void> {
  try {
    const found = await diskOperations.lstat(path);
    if (!found.isSocket()) {
      throw new Error(`${path} is not a socket. Move it away, or choose another path with --socket.`);
    }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  if (await isAnswered(path)) throw new SocketBusyError(path);
  await removeFile(path);
}

/** Gives the bound socket its path, and answers which file it is. Its clients find it whole or not at all. */
export async function publishSocket(temporary: string, path: string): Promise<FileIdentity> {
  await diskOperations.rename(temporary, path);
  const { dev, ino } = await diskOperations.lstat(path);
  return { dev, ino };
}

/** Removes the path while it leads to that very file; a successor's socket stays. */
export async function removeOwnSocket(path: string, own: FileIdentity): Promise<void> {
  try {
    const { dev, ino } = await diskOperations.lstat(path);
    if (dev === own.dev && ino === own.ino) await removeFile(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
