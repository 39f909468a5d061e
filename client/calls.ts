import { randomUUID } from "node:crypto";

import type { RetryPolicy } from "./backoff.js";
import { pause, pauseMs, unlessAborted } from "./backoff.js";
import type { Connection } from "./connection.js";
import { ConnectionLostError, TooManyCallsError } from "./errors.js";
import type { Repetition } from "./keyed.js";
import { repetitionOf } from "./keyed.js";
import type { Link } from "./link.js";
import { canPass } from "./refusals.js";

/** How one call is made. */
export interface CallOptions {
  /** Ends the waiting. What was sent stays sent: a write may still be done. */
  readonly signal?: AbortSignal | undefined;
}

/** Since when a call fails, how often it has, and with what last. */
interface Trouble {
  readonly sinceMs: number;
  failures: number;
  error: unknown;
}

/** Makes calls, and makes them again when the connection broke and the call is one that may be repeated. */
export class Calls {
  readonly #link: Link;
  readonly #retry: RetryPolicy;
  readonly #limit: number;
  #outstanding = 0;

  /** @param limit how many calls may wait for their answers at a time. */
  constructor(link: Link, retry: RetryPolicy, limit: number) {
    this.#link = link;
    this.#retry = retry;
    this.#limit = limit;
  }

  /**
   * Makes one call. A keyed write gets a key unless it brings one. The connection is there, or is waited for.
   *
   * @throws {SessiondError} what the daemon refused.
   * @throws {TooManyCallsError} when too many calls wait already; this one was not sent.
   * @throws {ConnectionLostError} when the connection broke and the call cannot be repeated, or not in time.
   * @throws {NotRunningError} when the daemon did not come back in time.
   */
  async call(method: string, given: object = {}, { signal }: CallOptions = {}): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#outstanding >= this.#limit) throw new TooManyCallsError(method, this.#limit);
    this.#outstanding++;
    const repetition = repetitionOf(method, given);
    const params = repetition === "keyed" ? withKey(given) : given;
    const send = (connection: Connection): Promise<unknown> => connection.request(method, params);
    // A call that nobody waits for any more still takes its place until it is over.
    const answer = this.perform(method, repetition, send, signal).finally(() => {
      this.#outstanding--;
    });
    return unlessAborted(answer, signal);
  }

  /**
   * Does `send` with a connection, again when it broke.
   *
   * @param signal ends the repeating.
   */
  async perform<T>(
    method: string,
    repetition: Repetition,
    send: (connection: Connection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    let firstSentAt: number | undefined;
    let trouble: Trouble | undefined;
    for (;;) {
      const connection = await this.#link.connection();
      signal?.throwIfAborted();
      // By the wall clock, as the daemon forgets: a key must not be used when it may be unknown again.
      firstSentAt ??= Date.now();
      if (
        repetition === "keyed" &&
        trouble !== undefined &&
        Date.now() - firstSentAt > connection.keysKeptMs
      ) {
        throw unanswered(method, trouble.error);
      }
      const sentAtMs = performance.now();
      try {
        return await send(connection);
      } catch (error) {
        if (!canPass(error)) throw error;
        const nowMs = performance.now();
        // An answer that was awaited for so long broke off anew; that is not the old trouble going on.
        if (trouble === undefined || nowMs - sentAtMs > this.#retry.totalMs) {
          trouble = { sinceMs: nowMs, failures: 0, error };
        }
        trouble.error = error;
        const isTooLate = nowMs - trouble.sinceMs >= this.#retry.totalMs;
        if (repetition === "never" || isTooLate) throw unanswered(method, error);
        await pause(pauseMs(this.#retry, trouble.failures++), this.#link.closing);
      }
    }
  }
}

function withKey(params: { readonly idempotencyKey?: string | undefined }): object {
  return { ...params, idempotencyKey: params.idempotencyKey ?? randomUUID() };
}

/** The error for the caller: a broken connection says of which call, and what that means for it. */
function unanswered(method: string, error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  return new ConnectionLostError(
    `The connection broke before ${method} was answered: whether it was done is not known.`,
    { cause: error },
  );
}
