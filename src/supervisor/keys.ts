import type { Refusal } from "../protocol/errors.js";

/** A call that carries an idempotency key. */
export interface KeyedCall {
  readonly key: string;
  readonly method: string;
  /** `digestOf` the validated params. */
  readonly digest: number;
}

/** What is remembered of a keyed call, in the journal too. Short names: it is written with every record. */
export interface KeyEntry {
  readonly k: string;
  readonly m: string;
  readonly d: number;
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

/** A key whose call is on its way; others with the same key join it. */
export interface HeldKey {
  readonly k: string;
  answer: Promise<object> | undefined;
}

/** `at` of a key whose call is on its way: it never expires. */
const ON_ITS_WAY = Number.POSITIVE_INFINITY;

/** One key from its first call to its end, in one object: with a million of them, each further one would count. */
interface Slot extends HeldKey {
  readonly m: string;
  readonly d: number;
  a: object | undefined;
  seq: number;
  at: number;
}

/**
 * The idempotency keys of the last hour. A key is never dropped early: where there is no room, a new keyed
 * write is refused, because dropping an old key would let its retry happen twice.
 */
export class Keys {
  /** By key, in the order in which the calls were decided: the oldest is always first. */
  readonly #slots = new Map<string, Slot>();
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
    return this.#slots.size;
  }

  /** Looks a key up, and refuses it where it was used for something else or there is no room for it. */
  find(call: KeyedCall, nowMs: number): KeyState {
    if (nowMs >= this.#nextExpiryMs) this.#expire(nowMs);
    const slot = this.#slots.get(call.key);
    if (slot === undefined) {
      return this.#slots.size < this.#maxKeys ? NEW : { state: "refused", refusal: this.#full() };
    }
    const isRepeat = slot.m === call.method && slot.d === call.digest;
    if (!isRepeat) return { state: "refused", refusal: conflict(call) };
    if (slot.at !== ON_ITS_WAY) return { state: "done", entry: slot };
    return slot.answer === undefined
      ? { state: "refused", refusal: conflict(call) }
      : { state: "pending", answer: slot.answer };
  }

  /** Holds the key while its call is on its way. The caller puts the answer in as soon as there is a promise of it. */
  hold(call: KeyedCall): HeldKey {
    const { key: k, method: m, digest: d } = call;
    const slot: Slot = { k, m, d, a: undefined, seq: 0, at: ON_ITS_WAY, answer: undefined };
    this.#slots.set(k, slot);
    return slot;
  }

  /** The call came to nothing: it may be tried again. */
  release(held: HeldKey): void {
    if (this.#slots.get(held.k) === held) this.#slots.delete(held.k);
  }

  /** The call is durable, and this was its answer, where it was more than its seq. */
  settle(held: HeldKey, a: object | undefined, stamp: { readonly seq: number; readonly at: number }): void {
    const slot = held as Slot;
    slot.a = a;
    slot.seq = stamp.seq;
    slot.at = stamp.at;
    slot.answer = undefined;
  }

  /** Takes a key back that the journal or a snapshot has. Used again after it expired, it goes to the end. */
  restore({ k, m, d, a, seq, at }: RememberedKey): void {
    const slot: Slot = { k, m, d, a, seq, at, answer: undefined };
    const before = this.#slots.size;
    this.#slots.set(k, slot);
    if (this.#slots.size > before) return;
    // It was there. A map leaves what is set again in its place, so it has to go before.
    this.#slots.delete(k);
    this.#slots.set(k, slot);
  }

  /**
   * All that are remembered at that seq, oldest first, for a snapshot. It may be gone through later and in pieces:
   * what comes meanwhile is left out, and what expires meanwhile is needed by nobody.
   */
  *remembered(seq: number): Generator<RememberedKey> {
    for (const slot of this.#slots.values()) if (slot.at !== ON_ITS_WAY && slot.seq <= seq) yield slot;
  }

  #expire(nowMs: number): void {
    for (const { k, at } of this.#slots.values()) {
      // One that is on its way (an import may be for long) lets those behind it wait for the next look.
      const expiresMs = Math.min(at, nowMs) + this.#keepMs;
      this.#nextExpiryMs = expiresMs;
      if (expiresMs > nowMs) return;
      this.#slots.delete(k);
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

function conflict(call: KeyedCall): Refusal {
  return {
    type: "idempotency_conflict",
    message: `The idempotency key "${call.key}" was used for a different call.`,
    hint: "use a new key for each call, and the same one only to repeat it",
  };
}
