import { setTimeout as pause } from "node:timers/promises";

import { InputClosedError, type ProcessInput } from "../process/input.js";
import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import { type Execution, isOver } from "../session/state.js";
import { SerialByKey } from "../serial.js";
import type { Supervisor } from "./supervisor.js";

type Params = ValidParams<"command/write">;

/** A pipe tells nobody here that there is room again, so it is tried: soon at first, and not often after that. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Two pieces for one command never mix. */
const writers = new SerialByKey();

/**
 * Gives a command a piece of its standard input. What it does not take stays with the caller: the daemon keeps nothing of
 * it. Held until the command has taken all, `timeoutMs` has passed, or nobody waits for it any more.
 */
export async function writeInput(
  supervisor: Supervisor,
  params: Params,
  signal: AbortSignal,
): Promise<Result<"command/write">> {
  const { commandId, lease, timeoutMs } = params;
  const deadlineMs = performance.now() + timeoutMs;
  const mayWait = (): boolean => performance.now() < deadlineMs && !signal.aborted;
  const { token } = supervisor.execution(commandId);
  // As a signal is: both are for the process and change nothing in the session, and both are its holder's to give.
  supervisor.leases.demand({ type: "command/signal", commandId, signal: "SIGCONT" }, lease);
  return writers.run(token, async () => {
    const input = await inputOf(supervisor, commandId, mayWait);
    if (input === undefined) return { nextBytes: params.offsetBytes ?? 0, ended: false };
    try {
      return await give(input, params, () => mayWait() && supervisor.runner.input(commandId) === input);
    } catch (error) {
      if (!(error instanceof InputClosedError)) throw error;
      throw closed(supervisor.execution(commandId), "reads no more input: it has closed it");
    }
  });
}

/** The input, as soon as the process is there; undefined where it is not in time. */
async function inputOf(
  supervisor: Supervisor,
  commandId: string,
  mayWait: () => boolean,
): Promise<ProcessInput | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = longer(pauseMs)) {
    const execution = supervisor.execution(commandId);
    if (execution.openStdin !== true) {
      const hint = "start it with openStdin, or give its whole input as stdin";
      throw closed(execution, "was started without an open input", hint);
    }
    if (isOver(execution.status)) throw closed(execution, `has ended (${execution.status})`);
    const input = supervisor.runner.input(commandId);
    if (input !== undefined || !mayWait()) return input;
    await pause(pauseMs);
  }
}

async function give(
  input: ProcessInput,
  { data, encoding, offsetBytes, eof }: Params,
  mayWait: () => boolean,
): Promise<Result<"command/write">> {
  const bytes = Buffer.from(data, encoding);
  const { givenBytes, hasEnded } = await input.state();
  const offset = offsetBytes ?? givenBytes;
  const endBytes = offset + bytes.length;
  if (offset > givenBytes) throw gap(offset, givenBytes);
  if (hasEnded && endBytes > givenBytes) throw new InputClosedError();
  let nextBytes = givenBytes;
  for (let pauseMs = FIRST_PAUSE_MS; nextBytes < endBytes;) {
    const taken = await input.write(bytes.subarray(nextBytes - offset));
    nextBytes += taken;
    if (nextBytes >= endBytes || !mayWait()) break;
    pauseMs = taken > 0 ? FIRST_PAUSE_MS : longer(pauseMs);
    if (taken === 0) await pause(pauseMs);
  }
  const isEnd = eof && nextBytes >= endBytes;
  if (isEnd && !hasEnded) await input.end();
  return { nextBytes, ended: hasEnded || isEnd };
}

function longer(pauseMs: number): number {
  return Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
}

function closed({ commandId, status }: Execution, what: string, hint?: string): RefusalError {
  const message = `Command "${commandId}" ${what}.`;
  return new RefusalError({
    type: "input_closed",
    message,
    ...(hint === undefined ? {} : { hint }),
    details: { status },
  });
}

function gap(offsetBytes: number, givenBytes: number): RefusalError {
  const message = `offsetBytes is ${offsetBytes}, and the command was given ${givenBytes} bytes so far.`;
  const hint = "go on at nextBytes of the last answer, or leave offsetBytes out";
  return new RefusalError({ type: "invalid_params", message, hint, details: { givenBytes } });
}
