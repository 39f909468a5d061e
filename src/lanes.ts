/**
 * Runs `work` over all `items`, at most `lanes` of them at a time, and resolves when the last one is done.
 *
 * The rooms that look at hundreds of files share libuv's four threads with the journal's `fdatasync`; a plain
 * `Promise.all` would queue everything in front of it.
 *
 * Rejects with the first error of `work`; items that were not begun by then are left out.
 */
export async function inLanes<T>(
  items: Iterable<T>,
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && !failed; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
