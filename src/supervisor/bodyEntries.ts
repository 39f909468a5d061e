import type { BodyStore } from "../content/bodyStore.js";
import type { AnyBody } from "./bodyOf.js";
import type { UnsavedBody } from "./unsavedBody.js";

/** A body with the session that it belongs to, in a snapshot. */
export type BodyEntry = { readonly sessionId: string } & AnyBody;

/**
 * All bodies that are in memory: those that are not saved, by their sessions and in the order of their seqs, and before
 * them those of a store that is no disk.
 */
export function bodyEntries(
  unsaved: ReadonlyMap<string, { readonly bodies: readonly UnsavedBody[] }>,
  store: Pick<BodyStore, "inMemory">,
): BodyEntry[] {
  const stored = [...store.inMemory()].flatMap(({ owner: { sessionId }, kind, body }) => {
    const first = unsaved.get(sessionId)?.bodies[0]?.body.seq ?? Number.POSITIVE_INFINITY;
    // What is being saved just now is in both.
    return body.seq >= first ? [] : [{ sessionId, kind, body } as BodyEntry];
  });
  const waiting = [...unsaved].flatMap(([sessionId, { bodies }]) =>
    bodies.map((one) => {
      const { length: _, upMs: __, ...body } = one;
      return { sessionId, ...body };
    }),
  );
  return [...stored, ...waiting];
}
