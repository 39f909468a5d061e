import { text } from "node:stream/consumers";

import type { Client, MethodName } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { asJson } from "../context.js";
import { EXIT } from "../exitCodes.js";

/** Calls any method and prints what it answers, always as JSON. */
export const call: Verb<object> = async (context, _, [method = "", given]) => {
  if (method === "event/subscribe") {
    throw usage(
      "A subscription ends with its connection, so it is of no use here.",
      "use: sessiond events -f",
    );
  }
  const params = parse(given === "-" ? await text(context.io.stdin) : given);
  const result = await context.withClient((client) => (client.call as Untyped)(method, params));
  const isForPeople = !context.globals.json && context.io.stdout.isTTY === true;
  await context.out.write(asJson(result, isForPeople));
  return 0;
};

/** A method that is only known when it runs; the daemon checks what it is given. */
type Untyped = (method: MethodName | (string & {}), params: object) => ReturnType<Client["call"]>;

function parse(given: string | undefined): object {
  let params: unknown;
  try {
    params = JSON.parse(given ?? "{}");
  } catch (error) {
    throw usage(
      `The parameters are not JSON: ${(error as Error).message}`,
      `for example: '{"sessionId":"…"}'`,
    );
  }
  if (typeof params === "object" && params !== null && !Array.isArray(params)) return params;
  throw usage("The parameters have to be a JSON object.", `for example: '{"sessionId":"…"}'`);
}

function usage(message: string, hint: string): CliError {
  return new CliError(message, { type: "usage", exitCode: EXIT.usage, hint });
}
