/** How far a batch is. */
export interface BatchProgress {
  readonly total: number;
  readonly done: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** How a batch is done. */
export interface BatchOptions {
  /** Items at a time; 1 if absent. */
  readonly concurrency?: number;
  /** Called after every item. What it throws is not the batch's concern, and is not passed on. */
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Begins no further item once it is aborted; what is under way is waited for. */
  readonly signal?: AbortSignal | undefined;
}

/** One item that failed. */
export interface BatchFailure {
  /** Its place among the items. */
  readonly index: number;
  readonly error: unknown;
}

/** What came of a batch. */
export interface BatchResult<T> {
  /** How many items succeeded. */
  readonly succeeded: number;
  /** Those that failed, in the order of the items. */
  readonly failed: readonly BatchFailure[];
  /** What came of each item, at its place; undefined where it failed or was not begun. */
  readonly results: readonly (T | undefined)[];
}

/**
 * Does `work` with every item, and goes on when one fails: its error stands in the answer.
 *
 * @throws {RangeError} for a concurrency that is no whole number of at least 1.
 */
export async function processBatch<Item, T>(
  items: Iterable<Item>,
  work: (item: Item, index: number) => T | Promise<T>,
  { concurrency = 1, onProgress, signal }: BatchOptions = {},
): Promise<BatchResult<T>> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency is ${concurrency}; it has to be a whole number of at least 1`);
  }
  const all = [...items];
  const results: (T | undefined)[] = Array.from({ length: all.length });
  const failed: BatchFailure[] = [];
  const queue = all.entries();
  let succeeded = 0;
  const tell = (): void => {
    try {
      const done = succeeded + failed.length;
      onProgress?.({ total: all.length, done, succeeded, failed: failed.length });
    } catch {
      // Whoever watches must not end what it watches.
    }
  };
  const worker = async (): Promise<void> => {
    // One iterator for all workers: each item is taken once.
    for (const [index, item] of queue) {
      if (signal?.aborted === true) return;
      try {
        results[index] = await work(item, index);
        succeeded += 1;
      } catch (error) {
        failed.push({ index, error });
      }
      tell();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, all.length) }, worker));
  failed.sort((a, b) => a.index - b.index);
  return { succeeded, failed, results };
}
