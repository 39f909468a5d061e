import type { LogPosition, LogSource } from "../../log/logParts.js";
import { endOfLog, readLog, type LogPage } from "../../log/readLog.js";
import { LIMITS } from "../../protocol/limits.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import { after } from "../../schedule/timer.js";
import { logPosition, showLine } from "./logQuery.js";
import { encodeCursor } from "./page.js";

/** A log that is followed. */
interface TailedLog {
  readonly source: LogSource;
  /** Resolves when what was written before can be read. */
  readonly settle: () => Promise<void>;
  /** Whether nothing will come any more; throws where there is no such log any more. */
  readonly isOver: () => boolean;
}

/** How often a log that is followed is looked at. */
const LOOK_EVERY_MS = 100;

/** The last lines, or those behind the cursor; a following call is held until there is one, or time is up. */
export async function tailLog(log: TailedLog, params: ValidParams<"log/tail">): Promise<Result<"log/tail">> {
  const { lines, follow, timeoutMs } = params;
  const deadlineMs = performance.now() + timeoutMs;
  await log.settle();
  let tail = await begin(log.source, params);
  for (;;) {
    const leftMs = deadlineMs - performance.now();
    if (tail.records.length > 0 || !follow || leftMs <= 0 || log.isOver()) break;
    await new Promise<void>((resolve) => {
      after(Math.min(LOOK_EVERY_MS, leftMs), resolve);
    });
    const more = await readOn(log.source, tail.position, Math.max(1, lines));
    tail = { ...more, damaged: more.damaged + tail.damaged };
  }
  return {
    lines: tail.records.map((record) => showLine(record)),
    cursor: encodeCursor({
      offset: tail.position.offset,
      day: tail.position.day,
      number: tail.position.number,
    }),
    damaged: tail.damaged,
  };
}

interface Tail extends Pick<LogPage, "records" | "damaged"> {
  readonly position: LogPosition;
}

async function begin(source: LogSource, { cursor, lines }: ValidParams<"log/tail">): Promise<Tail> {
  const from = logPosition(cursor);
  if (from !== undefined) return readOn(source, from, Math.max(1, lines));
  const position = await endOfLog(source);
  if (lines === 0) return { records: [], damaged: 0, position };
  const page = await readLog(source, { order: "newest", limit: lines, from: position, ...BOUNDS });
  return { records: page.records.toReversed(), damaged: page.damaged, position };
}

async function readOn(source: LogSource, from: LogPosition, limit: number): Promise<Tail> {
  const page = await readLog(source, { order: "oldest", limit, from, ...BOUNDS });
  return { ...page, position: page.position ?? from };
}

const BOUNDS = { scanBytes: LIMITS.logScanBytes, answerBytes: LIMITS.pageLength };
