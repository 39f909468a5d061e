/** The levels of lines; `fatal` is the daemon's alone. */
export const RECORD_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

export type RecordLevel = (typeof RECORD_LEVELS)[number];

/** One line of a log as it is read again. */
export interface LogRecord {
  /** RFC 3339, UTC. */
  readonly at: string;
  readonly level: RecordLevel;
  readonly message: string;
  readonly sessionId?: string;
  readonly component?: string;
  readonly operationId?: string;
  readonly parentOperationId?: string;
  readonly requestId?: string;
  /** A dotted name of what happened. */
  readonly event?: string;
  readonly durationMs?: number;
  /** An error: its type, message, stack and more. */
  readonly err?: Readonly<Record<string, unknown>>;
  /** Everything else that the line says. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

const WORDS = ["sessionId", "component", "operationId", "parentOperationId", "requestId", "event"] as const;

/** Names that have a meaning of their own in a line. */
const RESERVED: ReadonlySet<string> = new Set([
  "level",
  "time",
  "msg",
  "pid",
  "err",
  "durationMs",
  "fields",
  ...WORDS,
]);

/**
 * The fields of a line that come from a client. They stand beside the message like all others do; one whose name
 * has a meaning already stands under `fields`, where it cannot be taken for that.
 */
export function lineFields(entry: object, fields: Readonly<Record<string, unknown>> = {}): object {
  const flat = Object.entries(fields).filter(([name]) => !RESERVED.has(name));
  const nested = Object.entries(fields).filter(([name]) => RESERVED.has(name));
  return {
    ...entry,
    ...Object.fromEntries(flat),
    ...(nested.length === 0 ? {} : { fields: Object.fromEntries(nested) }),
  };
}

/** Reads a line; undefined for one that is damaged. */
export function parseRecord(line: string): LogRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(parsed)) return undefined;
  const { level, time, msg = "", pid: _, fields, err, durationMs, ...rest } = parsed;
  if (!isLevel(level) || typeof msg !== "string" || !isTime(time)) return undefined;
  const words: Record<string, string> = {};
  for (const word of WORDS) {
    const value = rest[word];
    if (typeof value !== "string") continue;
    words[word] = value;
    delete rest[word];
  }
  const more = { ...rest, ...(isObject(fields) ? fields : {}) };
  return {
    at: new Date(time).toISOString(),
    level,
    message: msg,
    ...words,
    ...(typeof durationMs === "number" ? { durationMs } : {}),
    ...(isObject(err) ? { err } : {}),
    ...(Object.keys(more).length === 0 ? {} : { fields: more }),
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLevel(value: unknown): value is RecordLevel {
  return (RECORD_LEVELS as readonly unknown[]).includes(value);
}

function isTime(value: unknown): value is string {
  return typeof value === "string" && !Number.isNaN(Date.parse(value));
}
