import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";

/** A cursor as the peer sees it: opaque, and safe in any text. */
export function encodeCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The position in a cursor that came from `nextCursor`. Anything else is refused. */
export function decodeCursor<Position extends Readonly<Record<string, number | undefined>>>(
  cursor: string | undefined,
  keys: readonly (keyof Position & string)[],
): Position | undefined {
  if (cursor === undefined) return undefined;
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof position === "object" && position !== null && isPosition(position, keys))
      return position as Position;
  } catch {
    // Refused below, like everything else that is no cursor.
  }
  throw new RefusalError({
    type: "invalid_params",
    message: "cursor: it is not one that a list answered.",
    hint: "pass nextCursor of the page before as it is, or leave it out to begin at the first page",
  });
}

function isPosition(position: object, keys: readonly string[]): boolean {
  return (
    Object.entries(position).every(([key, value]) => keys.includes(key) && Number.isSafeInteger(value)) &&
    Object.hasOwn(position, keys[0] ?? "")
  );
}

/** How a list makes pages of its items. */
interface Paging<Item, Shown> {
  readonly show: (item: Item) => Shown;
  readonly cursorOf: (item: Item) => object;
  /** About how many characters an item has beside what all have: a page of large ones is shorter. */
  readonly lengthOf: (item: Item) => number;
}

/**
 * One page of items that are in memory already, of `total` that match. `following` are those behind the cursor, in
 * the order in which they are listed; more than `limit` of them where there are more.
 */
export function pageOf<Item, Shown>(
  following: readonly Item[],
  { limit, total }: { readonly limit: number; readonly total: number },
  { show, cursorOf, lengthOf }: Paging<Item, Shown>,
): { items: Shown[]; total: number; nextCursor?: string } {
  const items: Item[] = [];
  let length = 0;
  for (const item of following) {
    // The first one is shown however large it is, or the list would never get behind it.
    if (items.length === limit || length >= LIMITS.pageLength) break;
    items.push(item);
    length += lengthOf(item);
  }
  const last = items.length < following.length ? items.at(-1) : undefined;
  return {
    items: items.map((item) => show(item)),
    total,
    ...(last === undefined ? {} : { nextCursor: encodeCursor(cursorOf(last)) }),
  };
}
