import type { LogPosition, LogSource } from "../../log/logParts.js";
import { RECORD_LEVELS, type LogRecord } from "../../log/logRecord.js";
import { readLog } from "../../log/readLog.js";
import { LIMITS } from "../../protocol/limits.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Filter = ValidParams<"log/query">;

/** Reads the position in a cursor. @throws RefusalError for one that did not come from here */
export function logPosition(cursor: string | undefined): LogPosition | undefined {
  const found = decodeCursor<{ offset: number; day?: number; number?: number }>(cursor, [
    "offset",
    "day",
    "number",
  ]);
  if (found === undefined) return undefined;
  const { offset, day = 0, number = 0 } = found;
  // Whoever makes up a cursor gets an empty page, and not a fault.
  return { offset: Math.max(0, offset), day, number };
}

/** A line as the protocol shows it: what was parsed is JSON. */
export function showLine(record: LogRecord): Result<"log/query">["items"][number] {
  return record as Result<"log/query">["items"][number];
}

/** One page of the lines that match. */
export async function queryLog(source: LogSource, filter: Filter): Promise<Result<"log/query">> {
  const page = await readLog(source, {
    order: filter.order,
    limit: filter.limit,
    from: logPosition(filter.cursor),
    isWanted: matcher(filter),
    scanBytes: LIMITS.logScanBytes,
    answerBytes: LIMITS.pageLength,
  });
  const isMore = !page.isAtEnd && page.position !== undefined;
  return {
    items: page.records.map((record) => showLine(record)),
    damaged: page.damaged,
    ...(isMore ? { nextCursor: encodeCursor(page.position) } : {}),
  };
}

function matcher(filter: Filter): (record: LogRecord) => boolean {
  const { level, component, operationId, event } = filter;
  const least = level === undefined ? 0 : RECORD_LEVELS.indexOf(level);
  const sinceMs = filter.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(filter.since);
  const untilMs = filter.until === undefined ? Number.POSITIVE_INFINITY : Date.parse(filter.until);
  const text = filter.text?.toLowerCase();
  return (record) => {
    const atMs = Date.parse(record.at);
    return (
      RECORD_LEVELS.indexOf(record.level) >= least &&
      atMs >= sinceMs &&
      atMs < untilMs &&
      (component === undefined || isPartOf(record.component, component)) &&
      (operationId === undefined ||
        record.operationId === operationId ||
        record.parentOperationId === operationId) &&
      (event === undefined || record.event === event) &&
      (text === undefined || hasText(record, text))
    );
  };
}

function isPartOf(component: string | undefined, wanted: string): boolean {
  return component === wanted || component?.startsWith(`${wanted}.`) === true;
}

/** As it stands in the message, or in anything else that the line says. */
function hasText(record: LogRecord, text: string): boolean {
  return record.message.toLowerCase().includes(text) || JSON.stringify(record).toLowerCase().includes(text);
}
