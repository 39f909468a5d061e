import type { Body } from "../content/bodyFile.js";
import { LIMITS } from "../protocol/limits.js";
import { mergedBodies, type PlacedInMemory, type ReadSaved } from "./mergedBodies.js";

export interface BodyPage<B extends Body> {
  readonly items: readonly (B | { readonly damaged: true; readonly offset: number })[];
  /** Where the next page goes on. */
  readonly next: BodyCursor | undefined;
}

export interface BodyCursor {
  /** Of the last body that could be read. */
  readonly seq: number;
  /** Where in the store; absent while nothing of it was reached. */
  readonly offset?: number | undefined;
}

export interface PageOptions {
  readonly order: "newest" | "oldest";
  readonly limit: number;
  readonly cursor?: BodyCursor | undefined;
}

/** Which bodies belong on a page; all where it is left out. */
export type BodyFilter<B extends Body> = (body: B) => boolean;

/** One page of the bodies that are saved and that are not. */
export async function readPage<B extends Body>(
  saved: ReadSaved<B>,
  inMemory: readonly PlacedInMemory<B>[],
  { order, limit, cursor }: PageOptions,
  isWanted: BodyFilter<B> = () => true,
): Promise<BodyPage<B>> {
  const items: BodyPage<B>["items"][number][] = [];
  let seq = cursor?.seq ?? (order === "newest" ? Number.MAX_SAFE_INTEGER : 0);
  let offset = cursor?.offset;
  let length = 0;
  // One more than asked for tells whether there is a next page.
  for await (const found of mergedBodies(saved, inMemory, order, cursor)) {
    if ("body" in found && !isWanted(found.body)) continue;
    if (items.length === limit || length > LIMITS.pageLength) return { items, next: { seq, offset } };
    if ("body" in found) length += "length" in found ? found.length : found.endOffset - found.offset;
    items.push("body" in found ? found.body : { damaged: true, offset: found.offset });
    if ("body" in found) seq = found.body.seq;
    offset = (order === "newest" ? found.offset : found.endOffset) ?? offset;
  }
  return { items, next: undefined };
}

/** The newest of the bodies, saved or not, that is wanted; those that are damaged are passed over. */
export async function findBody<B extends Body>(
  saved: ReadSaved<B>,
  inMemory: readonly PlacedInMemory<B>[],
  isWanted: BodyFilter<B>,
): Promise<B | undefined> {
  for await (const found of mergedBodies(saved, inMemory, "newest", undefined)) {
    if ("body" in found && isWanted(found.body)) return found.body;
  }
  return undefined;
}
