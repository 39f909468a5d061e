import type { Params } from "../src/protocol/types.js";
import type { Call, ItemOf, ListMethod } from "./callTypes.js";

/**
 * Every item of a list, page after page; a page is fetched when it is needed. `limit` is the size of a page.
 * What is created meanwhile may or may not come: a list is no snapshot.
 */
export async function* pages<M extends ListMethod>(
  call: Call,
  method: M,
  params: Params<M> | undefined,
): AsyncGenerator<ItemOf<M>, void, undefined> {
  let cursor: string | undefined;
  do {
    const from = cursor === undefined ? (params ?? {}) : { ...params, cursor };
    const page = await (call as PageCall)(method, from);
    yield* page.items as ItemOf<M>[];
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** A call whose answer is a page, of whatever items. */
type PageCall = (
  method: string,
  params: object,
) => Promise<{ readonly items: readonly unknown[]; readonly nextCursor?: string }>;
