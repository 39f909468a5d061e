import { digestOf, type KeyedCall } from "../../supervisor/keys.js";

/**
 * Takes the idempotency key out of the params: what is left is what the call asks for, and the key is bound
 * to just that.
 */
export function keyed<P extends { readonly idempotencyKey?: string | undefined }>(
  method: string,
  params: P,
): { readonly call: KeyedCall | undefined; readonly fields: Omit<P, "idempotencyKey"> } {
  const { idempotencyKey: key, ...fields } = params;
  const call = key === undefined ? undefined : { key, method, digest: digestOf(fields) };
  return { call, fields };
}
