import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

import { errorObject } from "../../src/protocol/errors.js";
import { ServerPeer } from "../../src/rpc/peer.js";
import { Turn } from "../../src/server/turn.js";
import { serveConnection } from "../../src/server/connection.js";
import type { Connection, ConnectionLimits } from "../../src/server/connection.js";

export type Method = (params: object, connection: Connection) => unknown;

export interface Received {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly data: Readonly<Record<string, unknown>> };
}

const LIMITS: ConnectionLimits = {
  messageBytes: 1_048_576,
  inFlightPerConnection: 256,
  queueBytes: 1_048_576,
};
const WAIT = { timeout: 10_000, interval: 5 };

/** A request as a line. */
export function request(id: number, method: string): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, method, params: {} })}\n`;
}

/** Requests `from` to `to`, both included, as lines. */
export function requests(from: number, to: number, method: string): string {
  return Array.from({ length: to - from + 1 }, (_, index) => request(from + index, method)).join("");
}

/** Resolves in the next turn of the loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits until it holds. */
export async function until(holds: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    if (!holds()) throw new Error(`not in time: ${holds.toString()}`);
  }, WAIT);
}

/** A method whose calls wait until they are released, each by its place. */
export class Held {
  readonly #release: (() => void)[] = [];

  constructor(result?: unknown) {
    this.method = (params) =>
      new Promise((resolve) => {
        this.#release.push(() => resolve(result ?? params));
      });
  }

  readonly method: Method;

  get calls(): number {
    return this.#release.length;
  }

  release(place: number): void {
    this.#release[place]?.();
  }
}

/** One peer: what it received, and whether it was sent the end. */
export class Client {
  readonly socket: Socket;
  ended = false;
  #text = "";

  constructor(path: string) {
    this.socket = connect({ path, allowHalfOpen: true });
    this.socket.setEncoding("utf8");
    this.socket.on("data", (text: string) => {
      this.#text += text;
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.socket.on("error", () => undefined);
  }

  get messages(): Received[] {
    const lines = this.#text.split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Received);
  }

  send(lines: string | Buffer): void {
    this.socket.write(lines);
  }

  /** All messages, as soon as there are this many. */
  async received(count: number): Promise<Received[]> {
    await until(() => this.messages.length >= count);
    return this.messages;
  }
}

/** Both sides of one connection. */
export interface Pair {
  readonly client: Client;
  readonly connection: Connection;
  /** The served side. */
  readonly stream: Socket;
}

export interface ServedOptions {
  readonly methods?: Readonly<Record<string, Method>>;
  readonly limits?: Partial<ConnectionLimits>;
  readonly draining?: () => boolean;
}

/** Serves connections on a Unix socket in a folder of its own, with the methods `echo` and `later` beside others. */
export class Served {
  /** Everything that was logged. */
  readonly logged: { readonly fields: object; readonly message: string }[] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #pairs: { stream: Socket; connection: Connection }[] = [];
  readonly #clients: Client[] = [];

  static async open(options: ServedOptions = {}): Promise<Served> {
    const served = new Served(await mkdtemp(join(tmpdir(), "connection-")), options);
    served.#server.listen(join(served.#folder, "socket"));
    await once(served.#server, "listening");
    return served;
  }

  private constructor(folder: string, { methods, limits, draining }: ServedOptions) {
    this.#folder = folder;
    const all: Record<string, Method> = {
      echo: (params) => params,
      later: (params) => Promise.resolve(params),
      ...methods,
    };
    const bounds = { ...LIMITS, ...limits };
    const peer = new ServerPeer<Connection>({
      dispatch: (method, params, connection) => all[method]?.(params ?? {}, connection),
      errorObject,
      limits: { batchLength: 100, queueBytes: bounds.queueBytes },
      onInternalError: (error) => {
        throw error;
      },
    });
    const log = { debug: (fields: object, message: string) => void this.logged.push({ fields, message }) };
    const base = {
      peer,
      limits: bounds,
      log,
      turn: new Turn(),
      ...(draining === undefined ? {} : { draining }),
    };
    this.#server = createServer({ allowHalfOpen: true }, (stream) => {
      this.#pairs.push({ stream, connection: serveConnection({ stream, ...base }) });
    });
  }

  async connect(): Promise<Pair> {
    const place = this.#pairs.length;
    const client = new Client(join(this.#folder, "socket"));
    this.#clients.push(client);
    await until(() => this.#pairs.length > place);
    const pair = this.#pairs[place];
    if (pair === undefined) throw new Error("nobody connected");
    return { client, ...pair };
  }

  async close(): Promise<void> {
    for (const { socket } of this.#clients) socket.destroy();
    for (const { stream } of this.#pairs) stream.destroy();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
    await rm(this.#folder, { recursive: true });
  }
}
