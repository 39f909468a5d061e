import { writeSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import type { Level, Logger, LoggerOptions } from "pino";
import { REDACTED } from "../secretNames.js";
import { presentable } from "./presentable.js";
import { RollingFile } from "./rollingFile.js";
import { openTerminal } from "./terminal.js";

/** How the daemon's log is opened. */
export interface DaemonLogOptions {
  /** `<dir>/sessiond.log` leads to the live file, the files themselves are in `<dir>/daemon`. */
  dir: string;
  level: Level;
  maxSizeBytes: number;
  /** Files kept, the live one included. */
  keepFiles: number;
  /** Gets each line as well, made for people. */
  terminal?: NodeJS.WritableStream;
  terminalColor?: boolean;
  /** Where trouble with the log itself is told; standard error if absent. */
  complain?: (sentence: string) => void;
  /** See `RollingFileOptions`. */
  reopenAfterMs?: number;
}

/** The open log of the daemon. */
export interface DaemonLog {
  logger: Logger;
  /** The path of the live file. */
  file(): string;
  /** Writes what waits and closes; takes two seconds at most. Lines that come later are dropped. */
  close(): Promise<void>;
}

/**
 * What may stand in the fields of a child logger, which `presentable` never sees, and must not be written.
 * Everything else is taken care of there, at any depth.
 */
const SECRET_FIELDS = [
  "token",
  "secret",
  "password",
  "authorization",
  "cookie",
  "env",
  "environment",
  "lease",
];

/** How lines are made, those of the daemon and those of sessions alike. */
export const LINE_OPTIONS: LoggerOptions = {
  base: { pid: process.pid },
  timestamp: () => `,"time":"${new Date().toISOString()}"`,
  formatters: { level: (label) => ({ level: label }) },
  // pino's own would name the type of what is presentable already "Object".
  serializers: { err: presentable },
  redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: REDACTED },
  hooks: {
    logMethod(given, method) {
      // Also the values for %o and %j are shown, so every argument is made presentable and not the first alone.
      const [first, message, ...rest] = given.map((value) =>
        value instanceof Error ? { err: presentable(value) } : presentable(value),
      );
      const error: unknown = given[0];
      const words = message ?? (error instanceof Error ? error.message : undefined);
      Reflect.apply(method, this, words === undefined ? [first] : [first, words, ...rest]);
    },
  },
};

/** The last resort. Synchronous, because process.stderr throws out of nowhere when nobody reads it any more. */
function complainOnStandardError(sentence: string): void {
  try {
    writeSync(2, `${sentence}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}

/**
 * Opens the daemon's log: JSON lines by pino, rolled by pino-roll. It always opens: when the file cannot be
 * written, that is said once on standard error, lines are dropped and counted, and writing goes on by itself.
 */
export async function openDaemonLog(options: DaemonLogOptions): Promise<DaemonLog> {
  const { dir, level, maxSizeBytes, keepFiles, terminal, terminalColor = false } = options;
  const { complain = complainOnStandardError, reopenAfterMs } = options;
  const link = join(dir, "sessiond.log");
  const files = await RollingFile.open({
    filesDir: join(dir, "daemon"),
    name: "sessiond",
    link,
    maxSizeBytes,
    keepFiles,
    onTrouble: (error) =>
      complain(`sessiond: trouble with the log ${link}: ${error.message} (sessions are not affected)`),
    lostLine: (lines) =>
      `${JSON.stringify({ level: "warn", time: new Date().toISOString(), pid: process.pid, event: "log.lost", lines, msg: "the log could not be written for a while; lines are missing here" })}\n`,
    ...(reopenAfterMs === undefined ? {} : { reopenAfterMs }),
  });
  const show = terminal === undefined ? undefined : await openTerminal(terminal, terminalColor);
  const write = (line: string): void => {
    files.write(line);
    show?.(line);
  };
  return {
    logger: pino({ ...LINE_OPTIONS, level }, { write }),
    file: () => files.path,
    close: () => files.close(),
  };
}
