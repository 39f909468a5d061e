import type { BodyKind } from "../content/places.js";
import type { AnyBody, BodyTypes } from "./bodyOf.js";
import type { PlacedInMemory } from "./mergedBodies.js";

/** A body that is not in the store yet. */
export type UnsavedBody = AnyBody & {
  /** Characters, as an estimate of the memory that it takes. */
  readonly length: number;
  /** When it came, by the up-time clock. */
  readonly upMs: number;
};

/** Those of one kind, as a list of its own. */
export function ofKind<Kind extends BodyKind>(
  bodies: readonly UnsavedBody[] | undefined,
  kind: Kind,
): PlacedInMemory<BodyTypes[Kind]>[] {
  // A kind and its body come in one piece, which the compiler cannot follow through a parameter of a type.
  return (bodies ?? []).filter((one) => one.kind === kind) as unknown as PlacedInMemory<BodyTypes[Kind]>[];
}
