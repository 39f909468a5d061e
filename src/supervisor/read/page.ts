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

/** One page of items that are in memory already, in the order in which they are listed. */
export function pageOf<Item, Shown>(
  matching: readonly Item[],
  { limit, start }: { readonly limit: number; readonly start: number },
  { show, cursorOf, lengthOf }: Paging<Item, Shown>,
): { items: Shown[]; total: number; nextCursor?: string } {
  let end = start;
  for (let length = 0; end < matching.length && end - start < limit && length < LIMITS.pageLength; end++) {
    length += lengthOf(matching[end] as Item);
  }
  const last = end < matching.length ? matching[end - 1] : undefined;
  return {
    items: matching.slice(start, end).map((item) => show(item)),
    total: matching.length,
    ...(last === undefined ? {} : { nextCursor: encodeCursor(cursorOf(last)) }),
  };
}
