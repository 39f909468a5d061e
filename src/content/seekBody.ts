import { readLines } from "../disk/lines.js";
import { diskOperations, hasCode } from "../disk/operations.js";
import { type Body, type FoundBody, foundIn } from "./bodyFile.js";

/** A place among bodies by a number of theirs that grows with them: before the first that has at least so much of it. */
export interface BodyPlace {
  readonly key: string;
  readonly least: number;
}

/** Whether a body comes before a place. */
export function comesBefore(body: Body, { key, least }: BodyPlace): boolean {
  return Number((body as unknown as Readonly<Record<string, unknown>>)[key]) < least;
}

type Good = Extract<FoundBody<Body>, { body: Body }>;

/** How much is read at once; a search that has come down to it reads on line by line. */
const BLOCK_BYTES = 64 * 1024;

/**
 * Where the first body begins that does not come before a place, by bisection; the end of the file where all do.
 * Damaged lines tell nothing and are passed over. A file that is not there any more has no place but 0.
 */
export async function seekBody(path: string, place: BodyPlace): Promise<number> {
  try {
    return await bisect(path, ({ body }) => comesBefore(body, place));
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}

async function bisect(path: string, isBefore: (found: Good) => boolean): Promise<number> {
  const { size } = await diskOperations.lstat(path);
  // Every body that begins before `low` comes before the place, and none does that begins at `high` or behind it.
  let low = 0;
  let high = size;
  while (high - low > BLOCK_BYTES) {
    const middle = low + Math.floor((high - low) / 2);
    const found = await firstBody(path, middle, high);
    if (found === undefined || !isBefore(found)) high = middle;
    else low = found.endOffset;
  }
  const found = await firstBody(path, low, size, (one) => !isBefore(one));
  return found?.offset ?? size;
}

/** The first good body of a kind that begins at `from` or behind it, and before `to`. */
async function firstBody(
  path: string,
  from: number,
  to: number,
  isWanted: (found: Good) => boolean = () => true,
): Promise<Good | undefined> {
  // One byte earlier: what begins there is the end of another line, or its newline alone, and is never parsed.
  for await (const line of readLines(path, { from: Math.max(0, from - 1), chunkBytes: BLOCK_BYTES })) {
    if (line.offset >= to) return undefined;
    if (line.offset < from) continue;
    const found = foundIn(line);
    if ("body" in found && isWanted(found)) return found;
  }
  return undefined;
}
