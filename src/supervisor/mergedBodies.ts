import type { Body, FoundBody } from "../content/bodyFile.js";
import type { BodyRange } from "../content/bodyStore.js";
import type { BodyCursor } from "./bodyPage.js";

/** A body that is in memory alone; its length in characters stands for its bytes. */
export interface PlacedInMemory<B extends Body> {
  readonly body: B;
  readonly length: number;
}

/** Reads what is saved: bodies of one session and one kind. */
export type ReadSaved<B extends Body> = (range: BodyRange) => AsyncIterable<FoundBody<B>>;

/** A saved one, or one that has no place there yet. */
export type Placed<B extends Body> =
  FoundBody<B> | (PlacedInMemory<B> & { readonly offset?: never; readonly endOffset?: never });

/** Bodies of the store and of memory as one row; what is in both counts once. */
export async function* mergedBodies<B extends Body>(
  saved: ReadSaved<B>,
  inMemory: readonly PlacedInMemory<B>[],
  order: "newest" | "oldest",
  cursor: BodyCursor | undefined,
): AsyncGenerator<Placed<B>> {
  const isWanted = (seq: number): boolean =>
    cursor === undefined || (order === "newest" ? seq < cursor.seq : seq > cursor.seq);
  const memory = inMemory.filter(({ body }) => isWanted(body.seq));
  const firstInMemory = inMemory[0]?.body.seq ?? Number.POSITIVE_INFINITY;
  // Once a page has reached the store, what is in memory is newer than all that was shown.
  if (order === "newest" && cursor?.offset === undefined) yield* memory.toReversed();
  const from = order === "oldest" ? cursor?.offset : undefined;
  const to = order === "newest" ? cursor?.offset : undefined;
  const found = saved({
    order,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  for await (const one of savedBefore(firstInMemory, found, order)) {
    if (!("body" in one) || isWanted(one.body.seq)) yield one;
  }
  if (order === "oldest") yield* memory;
}

/**
 * What stands in the store before the body of a seq. What stands behind it is written anew from memory, as after a crash,
 * and so is a damaged line among it, which cannot tell its seq: the line before it tells.
 */
async function* savedBefore<B extends Body>(
  seq: number,
  found: AsyncIterable<FoundBody<B>>,
  order: "newest" | "oldest",
): AsyncGenerator<FoundBody<B>> {
  let isKnownBefore = order === "oldest" || seq === Number.POSITIVE_INFINITY;
  let damaged: FoundBody<B>[] = [];
  for await (const one of found) {
    if ("body" in one && one.body.seq >= seq) {
      if (order === "oldest") return;
      damaged = [];
    } else if ("body" in one || isKnownBefore) {
      isKnownBefore = true;
      yield* damaged;
      damaged = [];
      yield one;
    } else damaged.push(one);
  }
  yield* damaged;
}
