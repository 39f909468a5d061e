import { type Body, type FoundBody, readBodies } from "../content/bodyFile.js";
import type { BodyCursor } from "./bodyPage.js";

/** A body that is in memory alone; its length in characters stands for its bytes. */
export interface PlacedInMemory<B extends Body> {
  readonly body: B;
  readonly length: number;
}

/** A line of the file, or a body that has no place there yet. */
type Placed<B extends Body> =
  FoundBody<B> | (PlacedInMemory<B> & { readonly offset?: never; readonly endOffset?: never });

/** Bodies of the file and of memory as one row; what is in both counts once. */
export async function* mergedBodies<B extends Body>(
  path: string,
  inMemory: readonly PlacedInMemory<B>[],
  order: "newest" | "oldest",
  cursor: BodyCursor | undefined,
): AsyncGenerator<Placed<B>> {
  const isWanted = (seq: number): boolean =>
    cursor === undefined || (order === "newest" ? seq < cursor.seq : seq > cursor.seq);
  const memory = inMemory.filter(({ body }) => isWanted(body.seq));
  const firstInMemory = inMemory[0]?.body.seq ?? Number.POSITIVE_INFINITY;
  // Once a page has reached the file, what is in memory is newer than all that was shown.
  if (order === "newest" && cursor?.offset === undefined) yield* memory.toReversed();
  const from = order === "oldest" ? cursor?.offset : undefined;
  const to = order === "newest" ? cursor?.offset : undefined;
  const file = readBodies<B>(path, {
    order,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
  for await (const found of file) {
    if (!("body" in found)) yield found;
    else if (isWanted(found.body.seq) && found.body.seq < firstInMemory) yield found;
  }
  if (order === "oldest") yield* memory;
}
