import { pino, type Level, type Logger } from "pino";
import { LINE_OPTIONS } from "./daemonLog.js";

/** One line of a session's log. */
export interface SessionLine {
  readonly level: Level;
  readonly message: string;
  /** When it happened, epoch milliseconds; now if absent. */
  readonly atMs?: number | undefined;
  /** Whatever else the line says; secrets in it are redacted. */
  readonly fields: object;
}

/** Makes lines by pino, in the one form that all logs here have. */
export class LineMaker {
  readonly #logger: Logger;
  #made = "";
  #atMs: number | undefined;

  constructor() {
    const timestamp = (): string => `,"time":"${new Date(this.#atMs ?? Date.now()).toISOString()}"`;
    const write = (line: string): void => {
      this.#made = line;
    };
    this.#logger = pino({ ...LINE_OPTIONS, base: null, level: "trace", timestamp }, { write });
  }

  /** The line with its newline. */
  make(sessionId: string, { level, message, atMs, fields }: SessionLine): string {
    this.#atMs = atMs;
    this.#logger[level]({ sessionId, ...fields }, message);
    return this.#made;
  }
}

/** The line that tells how many are missing. */
export function lostLine(lines: number): string {
  const time = new Date().toISOString();
  const msg = "the log could not be written for a while; lines are missing here";
  return `${JSON.stringify({ level: "warn", time, event: "log.lost", lines, msg })}\n`;
}
