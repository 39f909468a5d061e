import { join } from "node:path";

import { lineFields } from "../log/logRecord.js";
import type { LogOwner } from "../log/sessionLogPlaces.js";
import type { SessionLogs } from "../log/sessionLogs.js";
import type { LogSource } from "../log/logParts.js";
import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import { queryLog } from "./read/logQuery.js";
import { tailLog } from "./read/logTail.js";
import { isLogged } from "./sessionLogger.js";
import type { Supervisor } from "./supervisor.js";

type Entry = NonNullable<ValidParams<"log/write">["entries"]>[number];

interface LogbookParts {
  readonly supervisor: Supervisor;
  readonly sessionLogs: SessionLogs;
  readonly logDir: string;
}

/** The logs as clients see them: those of the sessions, and the daemon's own, which can be read alone. */
export class Logbook {
  readonly #parts: LogbookParts;

  constructor(parts: LogbookParts) {
    this.#parts = parts;
  }

  /**
   * Writes lines to the log of a session, and waits until the system has them, so that they outlive the daemon; a
   * log that cannot be written keeps nobody waiting for long.
   */
  async write({ sessionId, entries, ...single }: ValidParams<"log/write">): Promise<Result<"log/write">> {
    const { supervisor, sessionLogs } = this.#parts;
    const session = supervisor.session(sessionId);
    if (session.deletedAt !== undefined) throw takesNoLines(sessionId, "in the trash");
    if (session.archivedAt !== undefined) throw takesNoLines(sessionId, "archived");
    const given: readonly Entry[] = entries ?? [{ ...single, message: single.message ?? "" }];
    const wanted = given.filter(({ level }) => isLogged(session, level));
    for (const { level, message, at, fields, ...entry } of wanted) {
      const atMs = at === undefined ? undefined : Date.parse(at);
      sessionLogs.write(session, { level, message, atMs, fields: lineFields(entry, fields) });
    }
    const errors = wanted.filter(({ level }) => level === "error").length;
    if (errors > 0) supervisor.alerts.rates.count(sessionId, "errors", errors);
    if (wanted.length > 0) await sessionLogs.settled(session);
    return { accepted: wanted.length, filtered: given.length - wanted.length };
  }

  async query(params: ValidParams<"log/query">): Promise<Result<"log/query">> {
    const { source, settle } = this.#log(params.sessionId);
    await settle();
    return queryLog(source, params);
  }

  /** A following call ends as well when nobody waits for it any more. */
  async tail(params: ValidParams<"log/tail">, signal: AbortSignal): Promise<Result<"log/tail">> {
    const { supervisor, sessionLogs } = this.#parts;
    const { sessionId } = params;
    const isOver = (): boolean => {
      // The log of a session goes with it, and whoever follows it is told so.
      if (sessionId !== undefined) supervisor.session(sessionId);
      return sessionLogs.isClosed || signal.aborted;
    };
    return tailLog({ ...this.#log(sessionId), isOver }, params);
  }

  /** @throws RefusalError where there is no such session */
  #log(sessionId: string | undefined): { source: LogSource; settle: () => Promise<void> } {
    const { supervisor, sessionLogs, logDir } = this.#parts;
    if (sessionId === undefined) {
      const source = { folder: join(logDir, "daemon"), name: "sessiond" };
      return { source, settle: () => Promise.resolve() };
    }
    const owner: LogOwner = supervisor.session(sessionId);
    return { source: sessionLogs.source(owner), settle: () => sessionLogs.settled(owner) };
  }
}

function takesNoLines(sessionId: string, where: "archived" | "in the trash"): RefusalError {
  return new RefusalError({
    type: "session_not_active",
    message: `Session "${sessionId}" is ${where}, and its log with it: it takes no more lines.`,
    details: { status: where === "archived" ? "archived" : "trashed" },
  });
}
