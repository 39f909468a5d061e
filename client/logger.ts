import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";

import { logError, logObject, logText } from "./logFields.js";
import type { LogEntry, LogQueue } from "./logQueue.js";

/** What a line says beside its message. `err`, `durationMs`, `event` and `requestId` have places of their own. */
export interface LogFields {
  /** An error, or whatever was thrown. */
  readonly err?: unknown;
  readonly durationMs?: number;
  /** A dotted name of what happened, in small letters. */
  readonly event?: string;
  readonly requestId?: string;
  readonly [field: string]: unknown;
}

/** An operation that is going on, as the lines in it carry it. */
interface Operation {
  readonly operationId: string;
  readonly parentOperationId: string | undefined;
}

type Level = NonNullable<LogEntry["level"]>;

/** Longest name that the protocol takes. */
const LABEL_LENGTH = 256;
const EVENT = /^[a-z0-9_]+(?:[.-][a-z0-9_]+)*$/;

/** Across all loggers: an operation begun by one is the parent of what another one begins inside of it. */
const current = new AsyncLocalStorage<Operation>();

/**
 * Writes to the log of a session. Nothing waits and nothing throws: lines go to the daemon in batches, and what
 * becomes of them is no concern of the caller. Which levels are kept is for the settings of the session to say.
 */
export class SessionLogger {
  readonly component: string | undefined;
  readonly #queue: LogQueue;

  constructor(queue: LogQueue, component?: string) {
    this.#queue = queue;
    this.component = component;
  }

  trace(message: string, fields?: LogFields): void {
    this.#write("trace", message, fields);
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }

  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }

  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }

  /** Says what failed; `err` is written with its type, stack and cause. */
  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  /** Says that something is done, and how long it took. At level info, as the event `success`. */
  success(message: string, fields?: LogFields): void {
    this.#write("info", message, { event: "success", ...fields });
  }

  /** For the audit trail: what was decided, why, and what else there was to choose from. */
  decision(what: string, why: string, alternatives?: string | readonly string[]): void {
    const fields = { event: "decision", what, why, ...(alternatives === undefined ? {} : { alternatives }) };
    this.#write("info", `Decided: ${what}`, fields);
  }

  /**
   * Runs `work` as an operation: its start, its end and its duration are written, and every line in between
   * carries its id, also across awaits and from other loggers. One inside of another names it as its parent.
   *
   * @throws what `work` throws.
   */
  async operation<T>(name: string, work: (logger: SessionLogger) => T | Promise<T>): Promise<T> {
    const parentOperationId = current.getStore()?.operationId;
    return current.run({ operationId: randomUUID(), parentOperationId }, async () => {
      const startedMs = performance.now();
      const outcome = (): { operation: string; durationMs: number } => ({
        operation: name,
        durationMs: Math.round(performance.now() - startedMs),
      });
      this.#write("info", `${name} started`, { event: "operation.started", operation: name });
      try {
        const result = await work(this);
        this.#write("info", `${name} finished`, { event: "operation.finished", ...outcome() });
        return result;
      } catch (error) {
        this.#write("error", `${name} failed`, { event: "operation.failed", ...outcome(), err: error });
        throw error;
      }
    });
  }

  /** A logger of a part of this component: `analyzer` has the child `analyzer.parser`. */
  child(component: string): SessionLogger {
    const name = this.component === undefined ? component : `${this.component}.${component}`;
    return new SessionLogger(this.#queue, name);
  }

  /** Lines of this session's loggers that were dropped so far. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** Resolves when the lines written before have been taken by the daemon, or dropped. Never rejects. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }

  #write(level: Level, message: string, fields: LogFields = {}): void {
    try {
      const at = new Date().toISOString();
      const entry = { level, message: logText(message), at, ...this.#context(), ...placed(fields) };
      this.#queue.write(entry);
    } catch {
      // Fields of somebody else's making can throw whatever is asked of them: the line is lost, and nothing else.
      this.#queue.drop(1);
    }
  }

  #context(): Partial<LogEntry> {
    const operation = current.getStore();
    return {
      ...label("component", this.component),
      ...label("operationId", operation?.operationId),
      ...label("parentOperationId", operation?.parentOperationId),
    };
  }
}

/** The fields at their places in a line; what does not fit there stands among the others. */
function placed({ err, durationMs, event, requestId, ...rest }: LogFields): Partial<LogEntry> {
  const isDuration = typeof durationMs === "number" && durationMs >= 0 && durationMs < 1e11;
  const isEvent = typeof event === "string" && EVENT.test(event) && event.length <= LABEL_LENGTH;
  const others = {
    ...rest,
    ...(isDuration || durationMs === undefined ? {} : { durationMs }),
    ...(isEvent || event === undefined ? {} : { event }),
  };
  return {
    ...(err === undefined ? {} : { err: logError(err) }),
    ...(isDuration ? { durationMs } : {}),
    ...(isEvent ? { event } : {}),
    ...label("requestId", requestId),
    ...(Object.keys(others).length === 0 ? {} : { fields: logObject(others) }),
  };
}

function label(key: "component" | "operationId" | "parentOperationId" | "requestId", value: unknown): object {
  return value === undefined || value === "" ? {} : { [key]: logText(value).slice(0, LABEL_LENGTH) };
}
