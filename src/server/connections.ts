import type { Duplex } from "node:stream";

import type { ServerPeer } from "../rpc/peer.js";
import { type Connection, type ConnectionLimits, serveConnection } from "./connection.js";
import { Turn } from "./turn.js";

export interface ConnectionsOptions {
  readonly peer: ServerPeer<Connection>;
  readonly limits: ConnectionLimits;
  readonly log: { debug(fields: object, message: string): void };
  readonly draining: () => boolean;
}

/** A peer that does not end its own side is not waited for longer than this. */
const FAREWELL_MS = 100;

/** All peers that are connected. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<Connection, Duplex>();
  readonly #turn = new Turn();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  serve(stream: Duplex): Connection {
    const connection = serveConnection({ stream, turn: this.#turn, ...this.#options });
    this.#open.set(connection, stream);
    connection.onClose(() => this.#open.delete(connection));
    return connection;
  }

  /** Cuts all of them off at once, without an answer. */
  cut(): void {
    for (const stream of this.#open.values()) stream.destroy();
  }

  /** Ends all of them: what is answered goes out, what waits for an answer learns that the daemon is gone. */
  async close(): Promise<void> {
    if (this.#open.size === 0) return;
    const gone = [...this.#open.keys()].map(
      (connection) => new Promise<void>((resolve) => connection.onClose(resolve)),
    );
    for (const connection of this.#open.keys()) connection.close();
    const farewell = setTimeout(() => this.cut(), FAREWELL_MS);
    await Promise.all(gone);
    clearTimeout(farewell);
  }
}
