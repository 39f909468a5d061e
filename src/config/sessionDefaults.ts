import type { Config } from "./schema.js";

/** How a command is tried again where neither it nor its session says so: not at all. */
const RETRY = {
  maxAttempts: 1,
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maximumIntervalMs: 60_000,
  jitter: 0.1,
  nonRetryableExitCodes: [] as number[],
};

/** The settings of a session that asks for none of its own. */
export function sessionDefaults({ sessions, commands, log }: Pick<Config, "sessions" | "commands" | "log">) {
  return {
    idleTimeoutMs: sessions.idleTimeoutMs,
    lifetimeMs: sessions.lifetimeMs,
    heartbeatTimeoutMs: sessions.heartbeatTimeoutMs,
    autoSaveIntervalMs: sessions.autoSaveIntervalMs,
    logging: { enabled: true, level: log.level },
    startToCloseMs: commands.startToCloseMs,
    stallTimeoutMs: commands.stallTimeoutMs,
    graceMs: commands.graceMs,
    maxOutputBytes: commands.maxOutputBytes,
    retry: RETRY,
    maxRunningCommands: commands.maxRunningPerSession,
  };
}
