import { hash } from "node:crypto";

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

const NEW: KeyState = { state: "new" };

/** Digest of a call's params; the same params in the same order of keys give the same digest. */
export function digestOf(params: object): string {
  return hash("sha256", JSON.stringify(params), "base64url").slice(0, 22);
}

/** A key whose call is on its way; others with the same key join it. */
export interface HeldKey {
  readonly call: KeyedCall;
  answer: Promise<object> | undefined;
}

/**
 * The idempotency keys of the last hour. A key is never dropped early: where there is no room, a new keyed
 * write is refused, because dropping an old key would let its retry happen twice.
 */
export class Keys {
  /** By key, in the order in which the calls were decided: the oldest is always first. */
  readonly #entries = new Map<string, HeldKey | RememberedKey>();
  readonly #keepMs: number;
  readonly #maxKeys: number;
  /** Before this time none expires. */
  #nextExpiryMs = 0;

  constructor(options: { readonly keepMs: number; readonly maxKeys: number }) {
    this.#keepMs = options.keepMs;
    this.#maxKeys = options.maxKeys;
  }

  /** Keys that are remembered or on their way. */
  get size(): number {
    return this.#entries.size;
  }

  /** Looks a key up, and refuses it where it was used for something else or there is no room for it. */
  find(call: KeyedCall, nowMs: number): KeyState {
    if (nowMs >= this.#nextExpiryMs) this.#expire(nowMs);
    const entry = this.#entries.get(call.key);
    if (entry === undefined) {
      return this.#entries.size < this.#maxKeys ? NEW : { state: "refused", refusal: this.#full() };
    }
    if ("call" in entry) {
      if (!isSame(entry.call, call) || entry.answer === undefined)
        return { state: "refused", refusal: conflict(call) };
      return { state: "pending", answer: entry.answer };
    }
    const isRepeat = isSame({ method: entry.m, digest: entry.d }, call);
    return isRepeat ? { state: "done", entry } : { state: "refused", refusal: conflict(call) };
  }

  /** Holds the key while its call is on its way. The caller puts the answer in as soon as there is a promise of it. */
  hold(call: KeyedCall): HeldKey {
    const held = { call, answer: undefined };
    this.#entries.set(call.key, held);
    return held;
  }

  /** The call came to nothing: it may be tried again. */
  release(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined && "call" in entry) this.#entries.delete(key);
  }

  /** The call is durable. */
  remember(entry: RememberedKey): void {
    this.#entries.set(entry.k, entry);
  }

  /** Takes a key back that the journal or a snapshot has. Used again after it expired, it goes to the end. */
  restore(entry: RememberedKey): void {
    this.#entries.delete(entry.k);
    this.#entries.set(entry.k, entry);
  }

  /** All that are remembered, oldest first, for a snapshot. */
  entries(): RememberedKey[] {
    return [...this.#entries.values()].filter((entry): entry is RememberedKey => !("call" in entry));
  }

  #expire(nowMs: number): void {
    for (const [key, entry] of this.#entries) {
      // One that is on its way is younger than every one that is remembered.
      const expiresMs = "call" in entry ? nowMs + this.#keepMs : entry.at + this.#keepMs;
      this.#nextExpiryMs = expiresMs;
      if (expiresMs > nowMs) return;
      this.#entries.delete(key);
    }
    this.#nextExpiryMs = nowMs + 1;
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
