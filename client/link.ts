import type { RetryPolicy } from "./backoff.js";
import { pause, pauseMs, unlessAborted } from "./backoff.js";
import type { Connection } from "./connection.js";
import { ClientClosedError } from "./errors.js";
import { isUnwanted } from "./refusals.js";

/**
 * The way to the daemon: the connection as long as it holds, a new one when somebody needs it after it broke.
 * A client that asks for nothing lets the daemon be away in peace.
 */
export class Link {
  readonly #open: () => Promise<Connection>;
  readonly #retry: RetryPolicy;
  readonly #closing = new AbortController();
  #current: Connection;
  #coming: Promise<Connection> | undefined;

  /**
   * @param first the connection to begin with.
   * @param open makes one more.
   */
  constructor(first: Connection, open: () => Promise<Connection>, retry: RetryPolicy) {
    this.#current = first;
    this.#open = open;
    this.#retry = retry;
  }

  /** Aborted by {@link Link.close}, with the error for everything that waits. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /**
   * A connection that holds. All who ask while one is being made get the same.
   *
   * @throws the last error, when none could be made within the policy's `totalMs`.
   */
  async connection(): Promise<Connection> {
    this.closing.throwIfAborted();
    if (this.#current.isOpen) return this.#current;
    this.#coming ??= this.#reconnect().finally(() => {
      this.#coming = undefined;
    });
    return unlessAborted(this.#coming, this.closing);
  }

  /** Closes for good. Everything that waits for the daemon is rejected with a {@link ClientClosedError}. */
  async close(): Promise<void> {
    if (this.closing.aborted) return;
    const error = new ClientClosedError();
    this.#closing.abort(error);
    await this.#current.close(error);
  }

  async #reconnect(): Promise<Connection> {
    const giveUpAtMs = performance.now() + this.#retry.totalMs;
    for (let failures = 0; ; failures++) {
      try {
        return await this.#replace();
      } catch (error) {
        const waitMs = pauseMs(this.#retry, failures);
        if (isUnwanted(error) || performance.now() + waitMs > giveUpAtMs) throw error;
        await pause(waitMs, this.closing);
      }
    }
  }

  async #replace(): Promise<Connection> {
    const connection = await this.#open();
    if (this.closing.aborted) {
      await connection.close(this.closing.reason as Error);
      this.closing.throwIfAborted();
    }
    this.#current = connection;
    return connection;
  }
}
