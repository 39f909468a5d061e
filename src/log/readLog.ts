import { LineTooLongError } from "../disk/lines.js";
import { hasCode } from "../disk/operations.js";
import { comparePlaces, logParts, type LogPart, type LogPosition, type LogSource } from "./logParts.js";
import { parseRecord, type LogRecord } from "./logRecord.js";
import { partLines, type LogOrder } from "./partLines.js";

export interface ReadLogOptions {
  readonly order: LogOrder;
  /** Lines answered at most. */
  readonly limit: number;
  /** Where to go on; from the end that `order` names if absent. */
  readonly from?: LogPosition | undefined;
  /** Which lines are answered; all if absent. */
  readonly isWanted?: (record: LogRecord) => boolean;
  /** Bytes of lines looked at before the page ends; what is over it comes with the next page. */
  readonly scanBytes: number;
  /** Bytes of lines answered, about. */
  readonly answerBytes: number;
}

export interface LogPage {
  readonly records: readonly LogRecord[];
  /** Lines that could not be read, and were left out. */
  readonly damaged: number;
  /** Up to where was read. */
  readonly position: LogPosition | undefined;
  /** Whether the end was reached: the oldest line, or the newest that is there now. */
  readonly isAtEnd: boolean;
}

/** Reads a log over all of its files, in bounded pieces. Files that go away meanwhile are passed over. */
export async function readLog(source: LogSource, options: ReadLogOptions): Promise<LogPage> {
  const parts = await logParts(source);
  const page = new Page(options);
  const { order, from } = options;
  for (const part of order === "oldest" ? parts : parts.toReversed()) {
    const place = from === undefined ? 0 : comparePlaces(part, from);
    if (order === "oldest" ? place < 0 : place > 0) continue;
    const offset = place === 0 ? from?.offset : undefined;
    try {
      for await (const line of partLines(part, order, offset)) {
        if (page.isFull) return page.answer(false);
        page.take(part, line, part === parts.at(-1));
      }
    } catch (error) {
      // One that was removed as too old, or archived, since the folder was read.
      if (hasCode(error, "ENOENT")) continue;
      if (!(error instanceof LineTooLongError) && !isNoGzip(error)) throw error;
      page.damage(part);
    }
  }
  return page.answer(true);
}

/** The place behind the last line that is there now. */
export async function endOfLog(source: LogSource): Promise<LogPosition> {
  const live = (await logParts(source)).at(-1);
  if (live === undefined) return { day: 0, number: 0, offset: 0 };
  let offset = 0;
  for await (const line of partLines(live, "newest", undefined)) {
    if (!line.terminated) continue;
    offset = line.offset + line.bytes.length + 1;
    break;
  }
  return { day: live.day, number: live.number, offset };
}

/** What has been read so far. */
class Page {
  readonly #options: ReadLogOptions;
  readonly #records: LogRecord[] = [];
  #damaged = 0;
  #position: LogPosition | undefined;
  #scannedBytes = 0;
  #answeredBytes = 0;

  constructor(options: ReadLogOptions) {
    this.#options = options;
    this.#position = options.from;
  }

  get isFull(): boolean {
    const { limit, scanBytes, answerBytes } = this.#options;
    return (
      this.#records.length >= limit || this.#scannedBytes >= scanBytes || this.#answeredBytes >= answerBytes
    );
  }

  take(part: LogPart, line: { offset: number; bytes: Buffer; terminated: boolean }, isLive: boolean): void {
    const { order, isWanted = () => true } = this.#options;
    // In the live file it is just being written; in every other one it was cut off.
    if (!line.terminated && isLive) return;
    const sizeBytes = line.bytes.length + 1;
    const { day, number } = part;
    this.#position = { day, number, offset: order === "oldest" ? line.offset + sizeBytes : line.offset };
    this.#scannedBytes += sizeBytes;
    if (sizeBytes === 1) return;
    const record = parseRecord(line.bytes.toString("utf8"));
    if (record === undefined) this.#damaged += 1;
    else if (isWanted(record)) {
      this.#records.push(record);
      this.#answeredBytes += sizeBytes;
    }
  }

  /** What follows in this file cannot be read. */
  damage({ day, number }: LogPart): void {
    this.#damaged += 1;
    const offset = this.#options.order === "oldest" ? Number.MAX_SAFE_INTEGER : 0;
    this.#position = { day, number, offset };
  }

  answer(isAtEnd: boolean): LogPage {
    return { records: this.#records, damaged: this.#damaged, position: this.#position, isAtEnd };
  }
}

/** Whether zlib says that a file is none of its own, or cut, or too large. */
function isNoGzip(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(?:Z_|ERR_BUFFER_TOO_LARGE)/.test(String(error.code));
}
