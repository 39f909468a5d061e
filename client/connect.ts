import { tmpdir } from "node:os";
import type { Duplex } from "node:stream";

import { defaultSocketPath } from "../src/config/socketPath.js";
import type { RetryPolicy } from "./backoff.js";
import { DEFAULT_RETRY, LONGEST_DELAY_MS, pause, pauseMs, unlessAborted } from "./backoff.js";
import { Calls } from "./calls.js";
import type { Client } from "./client.js";
import { createClient } from "./client.js";
import { Connection } from "./connection.js";
import { ConnectionLostError, NotRunningError, StartFailedError } from "./errors.js";
import { handedLease } from "./handedLease.js";
import { Link } from "./link.js";
import type { OpenOptions } from "./openSession.js";
import { openSocket } from "./openSocket.js";
import { canPass } from "./refusals.js";
import type { Session } from "./session.js";

/** How to reach the daemon. Everything may be left out. */
export interface ConnectOptions {
  /** Path of the daemon's socket; `defaultSocketPath` finds it if absent. */
  readonly socket?: string | undefined;
  /** Another transport instead of the socket, such as a pair of streams within one process. */
  readonly open?: (() => Duplex | Promise<Duplex>) | undefined;
  /**
   * Starts the daemon if nobody listens: with the `sessiond` that this client belongs to, or by the given
   * command (such as `["systemctl", "--user", "start", "sessiond"]`). Once connected, a daemon that is
   * stopped on purpose stays stopped.
   */
  readonly autostart?: boolean | readonly string[] | undefined;
  /** What the client calls itself to the daemon. */
  readonly name?: string | undefined;
  /** Longest time to reach the daemon and be greeted, and as long again to start it where that is needed. 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** How to come back after the connection broke; what is left out is as in {@link DEFAULT_RETRY}. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  /** Calls that may wait for their answers at a time. 1,000. */
  readonly maxOutstandingCalls?: number | undefined;
}

/** How long a daemon that somebody else is starting right now may take to listen, after our own start failed. */
const START_ELSEWHERE_MS = 1_000;

/**
 * Connects to the daemon. Nothing is started unless `autostart` says so.
 *
 * @throws {NotRunningError} when nobody listens.
 * @throws {StartFailedError} when the daemon could not be started.
 * @throws {SessiondError} `unsupported_protocol` when the daemon speaks another version.
 */
export async function connect(options: ConnectOptions = {}): Promise<Client> {
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  const { maxOutstandingCalls = 1_000 } = options;
  const connectTimeoutMs = Math.min(options.connectTimeoutMs ?? 10_000, LONGEST_DELAY_MS);
  const socket = options.socket ?? ownSocketPath();
  const open = (): Promise<Connection> => openConnection({ ...options, socket, connectTimeoutMs });
  const start = startOf(options, socket, connectTimeoutMs);
  const link = new Link(await firstConnection(open, start, retry, connectTimeoutMs), open, retry);
  const handed = options.open === undefined ? handedLease(process.env, socket) : undefined;
  return createClient(link, new Calls(link, retry, maxOutstandingCalls), handed);
}

/** Connects, runs `work` with a session as `client.withSession` does, and closes the connection. */
export async function quickSession<T>(
  nameOrId: string,
  work: (session: Session) => T | Promise<T>,
  options: ConnectOptions & { readonly session?: OpenOptions } = {},
): Promise<T> {
  const client = await connect(options);
  try {
    return await client.withSession(nameOrId, work, options.session);
  } finally {
    await client.close();
  }
}

async function firstConnection(
  open: () => Promise<Connection>,
  start: (() => Promise<void>) | undefined,
  retry: RetryPolicy,
  connectTimeoutMs: number,
): Promise<Connection> {
  let giveUpAtMs = performance.now() + connectTimeoutMs;
  let toStart = start;
  let startFailure: StartFailedError | undefined;
  for (let failures = 0; ; failures++) {
    try {
      return await open();
    } catch (error) {
      if (error instanceof NotRunningError && start === undefined) throw error;
      const waitMs = pauseMs(retry, failures);
      if (!canPass(error) || performance.now() + waitMs > giveUpAtMs) throw startFailure ?? error;
      if (error instanceof NotRunningError && toStart !== undefined) {
        startFailure = await failureOf(toStart());
        toStart = undefined;
        if (startFailure !== undefined) giveUpAtMs = performance.now() + START_ELSEWHERE_MS;
      }
      await pause(waitMs);
    }
  }
}

/** A failed start may mean that another program was faster: only whether somebody listens soon tells. */
async function failureOf(start: Promise<void>): Promise<StartFailedError | undefined> {
  try {
    await start;
    return undefined;
  } catch (error) {
    if (error instanceof StartFailedError) return error;
    throw error;
  }
}

function startOf(
  { autostart = false, open }: ConnectOptions,
  socket: string,
  timeoutMs: number,
): (() => Promise<void>) | undefined {
  if (autostart === false || open !== undefined) return undefined;
  return async () => {
    // It brings node:child_process along, which a program that starts nothing need not load.
    const { ownStartCommand, startDaemon } = await import("./startDaemon.js");
    await startDaemon(autostart === true ? ownStartCommand() : autostart, socket, timeoutMs);
  };
}

interface Way {
  readonly socket: string;
  readonly open?: (() => Duplex | Promise<Duplex>) | undefined;
  readonly name?: string | undefined;
  readonly connectTimeoutMs: number;
}

/** Opens one connection and greets the daemon, all within the time for it. */
async function openConnection({ socket, open, name, connectTimeoutMs }: Way): Promise<Connection> {
  const late = new AbortController();
  const timer = setTimeout(() => {
    const who = open === undefined ? `The daemon on ${socket}` : "The daemon";
    late.abort(new ConnectionLostError(`${who} did not answer within ${connectTimeoutMs} ms.`));
  }, connectTimeoutMs);
  try {
    const stream = open === undefined ? openSocket(socket, late.signal) : openOther(open, late.signal);
    const connection = new Connection(await unlessAborted(stream, late.signal));
    try {
      await unlessAborted(connection.greet(name), late.signal);
      return connection;
    } catch (error) {
      await connection.close(error as Error);
      throw error;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Opens the caller's transport; one that comes when nobody waits for it any more is closed. */
async function openOther(open: () => Duplex | Promise<Duplex>, signal: AbortSignal): Promise<Duplex> {
  const stream = await open();
  if (signal.aborted) stream.destroy();
  return stream;
}

function ownSocketPath(): string {
  const { env, platform } = process;
  return defaultSocketPath({ env, platform, uid: process.getuid?.() ?? 0, tmpdir: tmpdir() });
}
