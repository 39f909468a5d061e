import type { Body } from "../content/bodyFile.js";
import type { BodyPlace } from "../content/seekBody.js";
import { LIMITS } from "../protocol/limits.js";
import { mergedBodies, type Placed, type PlacedInMemory, type ReadSaved } from "./mergedBodies.js";

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

/**
 * Says of a body that is not wanted whether many like it follow. Then it answers the place at which they end: reading goes
 * on behind it, or before it where the newest come first, and nobody has to read through all of them.
 */
export type BodyLeap<B extends Body> = (body: B) => BodyPlace | undefined;

/** Where to go on past a body that is not wanted; undefined where it may be read on. */
type SeekPast<B extends Body> = (body: B) => Promise<number> | undefined;

/** One page of the bodies that are saved and that are not. */
export async function readPage<B extends Body>(
  saved: ReadSaved<B>,
  inMemory: readonly PlacedInMemory<B>[],
  { order, limit, cursor }: PageOptions,
  isWanted: BodyFilter<B> = () => true,
  seekPast: SeekPast<B> = () => undefined,
): Promise<BodyPage<B>> {
  const items: BodyPage<B>["items"][number][] = [];
  let seq = cursor?.seq ?? (order === "newest" ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
  let offset = cursor?.offset;
  let length = 0;
  // One more than asked for tells whether there is a next page.
  const row = (from: BodyCursor | undefined): AsyncGenerator<Placed<B>> =>
    mergedBodies(saved, inMemory, order, from);
  for await (const found of wanted(row, cursor, isWanted, seekPast)) {
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

/** Those of a row that are wanted. Where many are not, it goes on at the offset that `seekPast` answers. */
async function* wanted<B extends Body>(
  row: (from: BodyCursor | undefined) => AsyncGenerator<Placed<B>>,
  cursor: BodyCursor | undefined,
  isWanted: BodyFilter<B>,
  seekPast: SeekPast<B>,
): AsyncGenerator<Placed<B>> {
  let from = cursor;
  let isAtEnd = false;
  while (!isAtEnd) {
    isAtEnd = true;
    for await (const found of row(from)) {
      if (!("body" in found) || isWanted(found.body)) {
        yield found;
        continue;
      }
      // What is in memory is little, and has no place to go on at.
      const offset = found.offset === undefined ? undefined : await seekPast(found.body);
      if (offset === undefined) continue;
      from = { seq: found.body.seq, offset };
      isAtEnd = false;
      break;
    }
  }
}
