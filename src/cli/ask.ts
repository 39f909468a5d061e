import { connect } from "node:net";

import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";

/** What comes of a question. */
export type Asked =
  | { readonly state: "answered"; readonly result: unknown }
  /** Nobody listens. */
  | { readonly state: "absent" }
  /** Somebody listens, and does not answer as a daemon does, or in time. */
  | { readonly state: "silent" };

/**
 * Asks one question without parameters on a socket. It speaks the protocol by itself, which is one line out and
 * one line in, because the whole client costs more to load than the question to ask. Never rejects.
 */
export function ask(socket: string, method: string, timeoutMs: number): Promise<Asked> {
  return new Promise((resolve) => {
    let state: "absent" | "silent" = "absent";
    let answer = "";
    const connection = connect(socket).setEncoding("utf8");
    const finish = (asked: Asked): void => {
      clearTimeout(timer);
      connection.destroy();
      resolve(asked);
    };
    const timer = setTimeout(() => finish({ state: "silent" }), timeoutMs);
    connection.on("connect", () => (state = "silent"));
    connection.on("error", () => finish({ state }));
    connection.on("close", () => finish({ state }));
    connection.on("data", (text: string) => {
      answer += text;
      if (answer.includes("\n")) finish(answered(answer));
    });
    connection.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method })}\n`);
  });
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
export function unanswered(socket: string, state: "absent" | "silent"): CliError {
  if (state === "absent") {
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
