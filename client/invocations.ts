import { randomUUID } from "node:crypto";

import type { Params } from "../src/protocol/types.js";
import { SessiondError } from "../src/rpc/remoteError.js";
import type { Call } from "./callTypes.js";
import { isSessionOver } from "./refusals.js";

/** What is recorded of a tracked call beside its name, its duration and how it ended. */
export interface TrackOptions<T> extends Pick<Params<"invocation/start">, "input" | "path" | "messageId"> {
  /** What to record of the answer: an output, and what it cost. */
  readonly report?: (answer: T) => Pick<Params<"invocation/finish">, "output" | "usage">;
  /** How long the daemon may keep the work waiting before it begins, and its answer behind it; 1,000 if absent. */
  readonly patienceMs?: number;
  /** Hears why the call could not be recorded; a warning of the process if absent. */
  readonly onUnrecorded?: (error: unknown) => void;
}

/** A tracked call, as the work sees it. */
export interface TrackedCall {
  /** For the messages that belong to it. */
  readonly invocationId: string;
}

const PATIENCE_MS = 1_000;
/** Longest error that the protocol takes, in characters. */
const ERROR_LENGTH = 4_096;

/**
 * Runs `work` and records an invocation around it. Its answer, or its error, is the caller's whatever becomes of the
 * record: a daemon that is away delays it by twice the patience at most. Only a session that takes no work any more
 * refuses the call, before `work` is begun.
 *
 * @throws {SessiondError} where the session has ended, is paused, is gone or is held by somebody else; and whatever `work` throws
 */
export async function track<T>(
  call: Call,
  sessionId: string,
  tool: string,
  work: (tracked: TrackedCall) => T | Promise<T>,
  options: TrackOptions<T> = {},
): Promise<T> {
  const { patienceMs = PATIENCE_MS, onUnrecorded = warn } = options;
  const record = new CallRecord(call, sessionId, tool, options);
  await within(record.begin(), patienceMs);
  if (record.refusal !== undefined) throw record.refusal;
  const end = async (outcome: Outcome): Promise<void> => {
    await within(record.end(outcome).catch(onUnrecorded), patienceMs);
  };
  let answer: T;
  try {
    answer = await work({ invocationId: record.invocationId });
  } catch (error) {
    await end(outcomeOf(error));
    throw error;
  }
  await end({ status: "succeeded", ...reported(answer, options.report, onUnrecorded) });
  return answer;
}

type Outcome = Pick<Params<"invocation/finish">, "status" | "error" | "output" | "usage">;

/** What the daemon is told of one tracked call. */
class CallRecord {
  readonly invocationId = randomUUID();
  /** Why the session takes no work, once that is known. */
  refusal: SessiondError | undefined;
  readonly #call: Call;
  readonly #params: Params<"invocation/start">;
  readonly #startedAtMs = Date.now();
  readonly #startedMs = performance.now();
  #begun: Promise<boolean> | undefined;

  constructor(call: Call, sessionId: string, tool: string, options: TrackOptions<never>) {
    const { input, path, messageId } = options;
    this.#call = call;
    this.#params = { sessionId, tool, invocationId: this.invocationId, input, path, messageId };
  }

  /** Records the start. Never rejects. */
  async begin(): Promise<void> {
    this.#begun = this.#call("invocation/start", this.#params).then(
      () => true,
      (error: unknown) => {
        if (isRefused(error)) this.refusal = error;
        return false;
      },
    );
    await this.#begun;
  }

  /** Records the end; and as a whole what was not known to have begun. */
  async end(outcome: Outcome): Promise<void> {
    const durationMs = Math.round(performance.now() - this.#startedMs);
    const ended = { ...outcome, durationMs };
    const { invocationId } = this;
    // A start without an answer may have been recorded all the same.
    const isBegun = await this.#begun;
    try {
      await this.#call("invocation/finish", { invocationId, ...ended });
    } catch (error) {
      if (isOf(error, "limit_reached") && outcome.output !== undefined) {
        // It must not look as if it went on, only because too much was to be said of it.
        await this.end({ ...outcome, output: undefined });
      }
      if (isBegun === true || !isOf(error, "invocation_not_found")) throw error;
      const startedAt = new Date(this.#startedAtMs).toISOString();
      await this.#call("invocation/link", { ...this.#params, ...ended, startedAt });
    }
  }
}

function isOf(error: unknown, type: SessiondError["type"]): boolean {
  return error instanceof SessiondError && error.type === type;
}

/** Whether a session takes no work of this caller: it has ended, is gone, is paused, or somebody else holds it. */
function isRefused(error: unknown): error is SessiondError {
  return (
    isSessionOver(error) ||
    (["session_not_active", "lease_held", "lease_lost"] as const).some((type) => isOf(error, type))
  );
}

function reported<T>(
  answer: T,
  report: TrackOptions<T>["report"],
  onUnrecorded: (error: unknown) => void,
): Pick<Outcome, "output" | "usage"> {
  try {
    return report?.(answer) ?? {};
  } catch (error) {
    // The work is done, and its answer is more than what is said of it.
    onUnrecorded(error);
    return {};
  }
}

function outcomeOf(error: unknown): Outcome {
  const isError = error instanceof Error;
  const message = isError ? error.message : String(error);
  const status = isError && error.name === "AbortError" ? "cancelled" : "failed";
  return { status, error: message.slice(0, ERROR_LENGTH) };
}

/** What a promise answers, or undefined where that takes longer; what it is about goes on. */
async function within<T>(promise: Promise<T>, patienceMs: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patienceMs, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function warn(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.emitWarning(`A call was done and not recorded: ${message}`, "SessiondWarning");
}

/** What a list of invocations may be narrowed to. */
export type InvocationFilter = Pick<Params<"invocation/list">, "status" | "tool" | "order" | "limit">;
