import { connect } from "node:net";

import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

/** What comes of a question. */
export type Asked =
  | { readonly state: "answered"; readonly result: unknown }
  /** Nobody listens. */
  | { readonly state: "absent" }
  /** Somebody listens, and does not answer as a daemon does, or in time. */
  | { readonly state: "silent" }
  /** Who listens there is not known; with what the system said. */
  | { readonly state: "unreachable"; readonly reason: string };

/**
 * Asks one question on a socket, without parameters where none are given. It speaks the protocol by itself, which is one line out and
 * one line in, because the whole client costs more to load than the question to ask. Never rejects.
 */
export function ask(socket: string, method: string, timeoutMs: number, params?: object): Promise<Asked> {
  return new Promise((resolve) => {
    let answer = "";
    const connection = connect(socket).setEncoding("utf8");
    const finish = (asked: Asked): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(asked);
    };
    const timer = setTimeout(() => finish({ state: "silent" }), timeoutMs);
    connection.on("error", (error) => finish(failed(error)));
    connection.on("close", () => finish({ state: "silent" }));
    connection.on("data", (text: string) => {
      answer += text;
      if (answer.includes("\n")) finish(answered(answer));
    });
    connection.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
  });
}

/** What an error of the system says about who is there. That nobody is, only two of them prove. */
function failed({ code, syscall, message }: NodeJS.ErrnoException): Asked {
  if (code === "ENOENT" || code === "ECONNREFUSED") return { state: "absent" };
  // Somebody who has more callers than can wait, or who hung up.
  if (code === "EAGAIN" || syscall !== "connect") return { state: "silent" };
  return { state: "unreachable", reason: message };
}

function answered(answer: string): Asked {
  try {
    const { result } = JSON.parse(answer.slice(0, answer.indexOf("\n"))) as { result?: unknown };
    return result === undefined ? { state: "silent" } : { state: "answered", result };
  } catch {
    return { state: "silent" };
  }
}

/** The error for a question that got no answer. */
export function unanswered(socket: string, asked: Exclude<Asked, { state: "answered" }>): CliError {
  if (asked.state === "unreachable") {
    return new CliError(`The socket ${socket} cannot be reached: ${asked.reason}.`, {
      type: "not_reachable",
      exitCode: EXIT.failure,
      hint: "is it the right path, and your own? see: sessiond socket-path",
    });
  }
  if (asked.state === "absent") {
    return new CliError(`No daemon answers on ${socket}.`, {
      type: "not_running",
      exitCode: EXIT.unavailable,
      hint: "start it with: sessiond start",
    });
  }
  return new CliError(`The daemon on ${socket} does not answer.`, {
    type: "not_answering",
    exitCode: EXIT.tryAgain,
    hint: "it may be starting or stopping; `sessiond logs` tells what it did last",
  });
}
