import type { LogOwner } from "../log/sessionLogPlaces.js";
import type { SessionLogs } from "../log/sessionLogs.js";
import type { Session } from "../session/state.js";
import type { SupervisorLog } from "./options.js";

type Level = Session["config"]["logging"]["level"];

const LEVELS: readonly Level[] = ["trace", "debug", "info", "warn", "error"];

/** Whether the settings of a session want a line of this level. */
export function isLogged({ config }: Pick<Session, "config">, level: Level): boolean {
  const { enabled, level: least } = config.logging;
  return enabled && LEVELS.indexOf(level) >= LEVELS.indexOf(least);
}

/**
 * A log of one session in two places: the daemon's, which has everything that happened in its order, and the
 * session's own, which has it beside what its clients wrote.
 */
export function sessionLogger(
  daemonLog: SupervisorLog,
  sessionLogs: Pick<SessionLogs, "write">,
  session: Session,
): SupervisorLog {
  const owner: LogOwner = session;
  const write = (level: "debug" | "info" | "warn" | "error", fields: object, message: string): void => {
    daemonLog[level](fields, message);
    // The log of a session that is archived is closed for good.
    if (session.archivedAt === undefined && isLogged(session, level))
      sessionLogs.write(owner, { level, message, fields });
  };
  return {
    debug: (fields, message) => write("debug", fields, message),
    info: (fields, message) => write("info", fields, message),
    warn: (fields, message) => write("warn", fields, message),
    error: (fields, message) => write("error", fields, message),
  };
}
