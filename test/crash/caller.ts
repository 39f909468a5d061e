import type { CallArguments, MethodName, Result } from "../../client/index.js";
import type { TestDaemon } from "../support/daemon.js";
import { Peer, PeerLostError } from "../support/peer.js";
import { passing } from "../support/until.js";

/** Comes back soon after each of many restarts. */
export const QUICK = { maximumIntervalMs: 60, totalMs: 60_000 };

/** Makes a keyed call again and again, with the same key, until it is answered. */
export interface Caller {
  call<M extends MethodName>(method: M, ...params: CallArguments<M>): Promise<Result<M>>;
  close(): Promise<void>;
  /** What was wrong on the wire. */
  readonly faults: readonly string[];
}

/** The real client: it connects anew and repeats by itself. */
export async function clientCaller(daemon: TestDaemon): Promise<Caller> {
  const { client, faults } = await daemon.checkedClient({ retry: QUICK });
  return {
    call: (method, ...params) => client.call(method, ...params),
    close: () => client.close(),
    faults,
  };
}

/** A program that speaks the protocol by itself, and knows of keys what the protocol says. */
export class PeerCaller implements Caller {
  readonly faults: string[] = [];
  readonly #daemon: TestDaemon;
  #peer: Peer | undefined;
  #isClosed = false;

  constructor(daemon: TestDaemon) {
    this.#daemon = daemon;
  }

  async call<M extends MethodName>(method: M, ...params: CallArguments<M>): Promise<Result<M>> {
    for (;;) {
      try {
        const peer = await this.#connected();
        return await peer.call(method, ...params);
      } catch (error) {
        if (this.#isClosed || !isAway(error)) throw error;
        await passing(10);
      }
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#peer?.close();
  }

  async #connected(): Promise<Peer> {
    if (this.#peer !== undefined && !this.#peer.isGone) return this.#peer;
    if (this.#peer !== undefined) this.faults.push(...this.#peer.check.faults);
    this.#peer = await Peer.open(this.#daemon.socket);
    return this.#peer;
  }
}

function isAway(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    error instanceof PeerLostError || code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET"
  );
}
