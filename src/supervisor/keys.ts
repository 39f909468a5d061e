import { createHash } from "node:crypto";

import type { Refusal } from "../protocol/errors.js";

/** A call that carries an idempotency key. */
export interface KeyedCall {
  readonly key: string;
  readonly method: string;
  /** Digest of the validated params without the key. */
  readonly digest: string;
}

/** What is remembered of a keyed call, in the journal too. Short names: it is written with every record. */
export interface KeyEntry {
  readonly k: string;
  readonly m: string;
  readonly d: string;
  /** The answer, where it is more than its seq. */
  readonly a?: object | undefined;
}

/** A remembered call with the stamp of its record. */
export interface RememberedKey extends KeyEntry {
  readonly seq: number;
  readonly at: number;
}

/** Where a key stands: done, on its way to the disk, or unknown. */
export type KeyState =
  | { readonly state: "new" }
  | { readonly state: "done"; readonly entry: RememberedKey }
  | { readonly state: "pending"; readonly answer: Promise<object> }
  | { readonly state: "refused"; readonly refusal: Refusal };

/** Digest of a call's params; the same params in the same order of keys give the same digest. */
export function digestOf(params: object): string {
  return createHash("sha256").update(JSON.stringify(params)).digest("base64url").slice(0, 22);
}

/**
 * The idempotency keys of the last hour. A key is never dropped early: where there is no room, a new keyed
 * write is refused, because dropping an old key would let its retry happen twice.
 */
export class Keys {
  readonly #done = new Map<string, RememberedKey>();
  readonly #pending = new Map<string, { readonly call: KeyedCall; readonly answer: Promise<object> }>();
  readonly #keepMs: number;
  readonly #maxKeys: number;

  constructor(options: { readonly keepMs: number; readonly maxKeys: number }) {
    this.#keepMs = options.keepMs;
    this.#maxKeys = options.maxKeys;
  }

  get size(): number {
    return this.#done.size;
  }

  /** Looks a key up, and refuses it where it was used for something else or there is no room for it. */
  find(call: KeyedCall, nowMs: number): KeyState {
    const pending = this.#pending.get(call.key);
    if (pending !== undefined) {
      if (!isSame(pending.call, call)) return { state: "refused", refusal: conflict(call) };
      return { state: "pending", answer: pending.answer };
    }
    this.#expire(nowMs);
    const entry = this.#done.get(call.key);
    if (entry !== undefined) {
      const isRepeat = isSame({ method: entry.m, digest: entry.d }, call);
      return isRepeat ? { state: "done", entry } : { state: "refused", refusal: conflict(call) };
    }
    if (this.#done.size + this.#pending.size < this.#maxKeys) return { state: "new" };
    return { state: "refused", refusal: this.#full() };
  }

  /** Holds the key while its call is on its way; others with the same key join it. */
  hold(call: KeyedCall, answer: Promise<object>): void {
    this.#pending.set(call.key, { call, answer });
  }

  /** The call came to nothing: it may be tried again. */
  release(key: string): void {
    this.#pending.delete(key);
  }

  /** The call is durable. Entries come in the order of their records, so the oldest is always first. */
  remember(entry: RememberedKey): void {
    this.#pending.delete(entry.k);
    // A key that was used again after it had expired goes to the end: a map keeps the old place otherwise.
    this.#done.delete(entry.k);
    this.#done.set(entry.k, entry);
  }

  /** All that are remembered, oldest first, for a snapshot. */
  entries(): RememberedKey[] {
    return [...this.#done.values()];
  }

  #expire(nowMs: number): void {
    for (const [key, entry] of this.#done) {
      if (entry.at + this.#keepMs > nowMs) return;
      this.#done.delete(key);
    }
  }

  #full(): Refusal {
    return {
      type: "limit_reached",
      message: `${this.#maxKeys} idempotency keys are remembered, and no further one fits.`,
      hint: "keys are kept for idempotency.keepMs; wait, send the call without a key, or raise idempotency.maxKeys",
      details: { limit: "maxKeys", bound: this.#maxKeys },
    };
  }
}

function isSame(a: Pick<KeyedCall, "method" | "digest">, b: Pick<KeyedCall, "method" | "digest">): boolean {
  return a.method === b.method && a.digest === b.digest;
}

function conflict(call: KeyedCall): Refusal {
  return {
    type: "idempotency_conflict",
    message: `The idempotency key "${call.key}" was used for a different call.`,
    hint: "use a new key for each call, and the same one only to repeat it",
  };
}
