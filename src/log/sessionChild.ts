import type { Level, Logger } from "pino";

/**
 * A logger of one session: every line carries `sessionId`, and the session's own settings decide which lines
 * there are, whatever the daemon's level is. `enabled: false` is silence.
 */
export function childFor(
  logger: Logger,
  sessionId: string,
  { enabled, level }: { enabled: boolean; level: Level },
): Logger {
  return logger.child({ sessionId }, { level: enabled ? level : "silent" });
}
