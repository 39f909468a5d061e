/** Items of one page, at most: what the protocol allows for most lists. */
const PAGE_ITEMS = 1_000;

/** What a list answers, as far as fetching it page by page needs to know. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string | undefined;
}

/**
 * The first items of a list, `limit` at most, fetched page by page: the last page, with the items of all of them.
 *
 * @param pageItems how many a page may have, where the list allows fewer than others
 */
export async function firstItems<Item, Found extends Page<Item>>(
  limit: number,
  fetchPage: (page: {
    readonly limit: number;
    readonly cursor: string | undefined;
  }) => Promise<Found & Page<Item>>,
  pageItems: number = PAGE_ITEMS,
): Promise<Found & { readonly items: Item[] }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await fetchPage({ limit: Math.min(pageItems, limit - items.length), cursor });
    items.push(...page.items);
    if (page.nextCursor === undefined || items.length >= limit) return { ...page, items };
    cursor = page.nextCursor;
  }
}
