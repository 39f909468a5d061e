import type { Refusal } from "../protocol/errors.js";

/** A refusal thrown by this room, which knows the protocol by its types alone. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/**
 * The refusal that an error carries, whichever class it is of: `Refused`, or the protocol's own
 * `RefusalError`. Undefined for every other error.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !("refusal" in error)) return undefined;
  return error.refusal as Refusal;
}
