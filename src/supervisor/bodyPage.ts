import { LIMITS } from "../protocol/limits.js";
import type { ActivityBody, UnsavedBody } from "./bodies.js";
import { mergedBodies } from "./mergedBodies.js";

export interface ActivityPage {
  readonly items: readonly (ActivityBody | { readonly damaged: true; readonly offset: number })[];
  /** Where the next page goes on. */
  readonly next: ActivityCursor | undefined;
}

export interface ActivityCursor {
  /** Of the last body that could be read. */
  readonly seq: number;
  /** Where in the file; absent while nothing of the file was reached. */
  readonly offset?: number | undefined;
}

export interface PageOptions {
  readonly order: "newest" | "oldest";
  readonly limit: number;
  readonly cursor?: ActivityCursor | undefined;
}

/** One page of the bodies in a file and in memory. */
export async function readPage(
  path: string,
  inMemory: readonly UnsavedBody[],
  { order, limit, cursor }: PageOptions,
): Promise<ActivityPage> {
  const items: ActivityPage["items"][number][] = [];
  let seq = cursor?.seq ?? (order === "newest" ? Number.MAX_SAFE_INTEGER : 0);
  let offset = cursor?.offset;
  let length = 0;
  // One more than asked for tells whether there is a next page.
  for await (const found of mergedBodies(path, inMemory, order, cursor)) {
    if (items.length === limit || length > LIMITS.pageLength) return { items, next: { seq, offset } };
    if ("body" in found) length += "length" in found ? found.length : found.endOffset - found.offset;
    items.push("body" in found ? found.body : { damaged: true, offset: found.offset });
    if ("body" in found) seq = found.body.seq;
    offset = (order === "newest" ? found.offset : found.endOffset) ?? offset;
  }
  return { items, next: undefined };
}
