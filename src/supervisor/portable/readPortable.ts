import { PortableLinesError, readPortableLines } from "../../content/portableLines.js";
import type { PortableHeader } from "../../protocol/portableFile.js";
import { PortableFault } from "../../protocol/portableLine.js";
import { headerOf, looksPortable } from "./portableHead.js";
import { PortableReading, type ReadingPlace } from "./portableReading.js";
import type { PortableRead } from "./portableSession.js";

/** More than the longest that is written: a message of full length, each character of which takes six. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** The first line of a file; undefined where it is none that holds a whole session. */
export async function readPortableHeader(path: string): Promise<PortableHeader | undefined> {
  for await (const [line] of readPortableLines(path, { maxLineBytes: MAX_LINE_BYTES })) {
    if (line === undefined || !looksPortable(line)) return undefined;
    return headerOf(line);
  }
  return undefined;
}

/**
 * Reads a file to its end, stages on the way what it has beside the session itself, and holds everything against what its last
 * line says.
 *
 * @throws {PortableFault} where it is damaged or newer: what, and in which line. Nothing is left then.
 */
export async function readPortable(
  path: string,
  place: ReadingPlace & { readonly onRead: (readBytes: number, sizeBytes: number) => void },
): Promise<PortableRead> {
  const reading = new PortableReading(place);
  try {
    const blocks = readPortableLines(path, { maxLineBytes: MAX_LINE_BYTES, onRead: place.onRead });
    for await (const lines of blocks) for (const line of lines) await reading.take(line);
    return await reading.finish();
  } catch (error) {
    await reading.folder.discard();
    if (error instanceof PortableLinesError) throw new PortableFault(reading.lineNumber, error.message);
    throw error;
  }
}
