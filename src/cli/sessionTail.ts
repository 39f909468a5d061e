import { SessiondError, type Client, type Result } from "../../client/index.js";

type Line = Result<"log/tail">["lines"][number];

/** Lines in one answer, see `LIMITS.pageItems`. */
const MOST_LINES = 1_000;

/**
 * Prints the last lines of a session's own log as the daemon answers them, and goes on with what comes. Answers
 * whether there was anything: a session may have no log, because it was told to keep none.
 *
 * @param tell gets a word for the person who asked for more lines than one answer has.
 */
export async function tailSession(
  client: Client,
  {
    sessionId,
    lines,
    follow,
  }: { readonly sessionId: string; readonly lines: number; readonly follow: boolean },
  print: (line: string) => Promise<void>,
  tell: (text: string) => Promise<void>,
): Promise<boolean> {
  let tail = await client.log.tail({ sessionId, lines: Math.min(lines, MOST_LINES) });
  const isEmpty = tail.lines.length === 0;
  if (lines > MOST_LINES && tail.lines.length === MOST_LINES) {
    await tell(`These are the last ${MOST_LINES} lines, the most that the daemon answers at once.`);
  }
  for (;;) {
    for (const line of tail.lines) await print(asWritten(line));
    if (!follow) return !isEmpty;
    try {
      tail = await client.log.tail({ sessionId, lines: MOST_LINES, cursor: tail.cursor, follow });
    } catch (error) {
      // It was deleted, and its log with it: nothing will come any more.
      if (error instanceof SessiondError && error.type === "session_not_found") return true;
      throw error;
    }
  }
}

/** The line as it stands in the file: what a program that reads it expects, whether a daemon runs or not. */
function asWritten({ at, level, message, fields = {}, ...known }: Line): string {
  const isReserved = (name: string): boolean => RESERVED.has(name) || Object.hasOwn(known, name);
  const flat = Object.entries(fields).filter(([name]) => !isReserved(name));
  const nested = Object.entries(fields).filter(([name]) => isReserved(name));
  return JSON.stringify({
    level,
    time: at,
    ...known,
    ...Object.fromEntries(flat),
    ...(nested.length === 0 ? {} : { fields: Object.fromEntries(nested) }),
    msg: message,
  });
}

const RESERVED: ReadonlySet<string> = new Set(
  "level time msg pid err durationMs fields sessionId component operationId parentOperationId requestId event".split(
    " ",
  ),
);
