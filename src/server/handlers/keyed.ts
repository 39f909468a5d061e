import { digestOf } from "../../supervisor/digest.js";
import type { KeyedCall } from "../../supervisor/keys.js";

/**
 * Takes the idempotency key and the caller's lease out of the params: what is left is what the call asks for. The key is
 * bound to the whole of it.
 */
export function keyed<
  P extends { readonly idempotencyKey?: string | undefined; readonly lease?: string | undefined },
>(
  method: string,
  params: P,
): {
  readonly call: KeyedCall | undefined;
  readonly lease: P["lease"];
  readonly fields: Omit<P, "idempotencyKey" | "lease">;
} {
  const { idempotencyKey: _, lease, ...fields } = params;
  return { call: keyedCall(method, params), lease, fields };
}

/** The call that an idempotency key stands for; undefined where there is none. */
export function keyedCall(
  method: string,
  params: { readonly idempotencyKey?: string | undefined },
): KeyedCall | undefined {
  const { idempotencyKey: key } = params;
  return key === undefined ? undefined : { key, method, digest: digestOf(params) };
}
