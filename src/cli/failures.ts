import {
  ConnectionLostError,
  ForeignPeerError,
  NotRunningError,
  SessiondError,
  StartFailedError,
} from "../../client/errors.js";
import { ConfigError } from "../config/error.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

/** An error in words, with the exit code that says the same. */
export interface Failure {
  /** The stable name of the error. */
  readonly type: string;
  readonly message: string;
  readonly hint?: string;
  readonly exitCode: number;
  /** What else the daemon said of it. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Refusals of the daemon that are no plain failure. */
const EXIT_CODES: Readonly<Record<string, number>> = {
  invalid_params: EXIT.usage,
  method_not_found: EXIT.usage,
  limit_reached: EXIT.tryAgain,
  journal_unavailable: EXIT.tryAgain,
  shutting_down: EXIT.tryAgain,
};

/** What the daemon says to programs, in words for the command line. */
const HINTS: Readonly<Record<string, string>> = {
  lease_held: "wait until it is released, or free it with: sessiond release <session>",
};

/** What a person has to know of an error. A stack is for the log of the daemon, and never for them. */
export function failureOf(error: unknown): Failure {
  if (error instanceof SessiondError) return refused(error);
  if (error instanceof CliError) {
    const { type, message, hint, exitCode } = error;
    return { type, message, exitCode, ...(hint === undefined ? {} : { hint }) };
  }
  if (error instanceof NotRunningError) {
    const message = `No daemon answers on ${error.socket}.`;
    return {
      type: "not_running",
      message,
      hint: "start it with: sessiond start",
      exitCode: EXIT.unavailable,
    };
  }
  if (error instanceof ConfigError) return { type: "config", message: error.message, exitCode: EXIT.config };
  if (error instanceof ConnectionLostError) {
    const hint = "try again in a moment; `sessiond logs` tells what the daemon did last";
    return { type: "connection_lost", message: error.message, hint, exitCode: EXIT.tryAgain };
  }
  if (error instanceof StartFailedError || error instanceof ForeignPeerError) {
    return { type: "failed", message: error.message, exitCode: EXIT.failure };
  }
  if (error instanceof Error && error.name === "DataFolderBusyError") {
    return { type: "data_folder_busy", message: error.message, exitCode: EXIT.tryAgain };
  }
  return { type: "failed", message: messageOf(error), exitCode: EXIT.failure };
}

function refused({ type, message, hint, details }: SessiondError): Failure {
  return {
    type,
    message,
    exitCode: EXIT_CODES[type] ?? EXIT.failure,
    ...(hint === undefined ? {} : { hint: HINTS[type] ?? hint }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? error.name : error.message;
}
