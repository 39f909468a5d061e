import type { Io } from "./context.js";
import { outcomeOf, perform } from "./outcome.js";
import { readPlainCall } from "./plainCall.js";
import { PING } from "./verbs/ping.js";

/**
 * Runs a call of `ping` that is as its help says, and answers its exit code; undefined for any other call. Scripts and
 * hooks of agents ping in a loop. So this, and no other verb, is what the program has loaded when it starts.
 *
 * @param argv what follows the program's name.
 */
export function runPing(argv: readonly string[], io: Io): Promise<number> | undefined {
  const call = readPlainCall(argv, [PING]);
  return call === undefined ? undefined : outcomeOf(() => perform(call, io), argv, io);
}
