import type { Io } from "./context.js";
import { outcomeOf, perform } from "./outcome.js";
import { readPlainCall } from "./plainCall.js";
import { VERBS } from "./verbTable.js";

/**
 * Runs one call of the command line and answers its exit code. Never throws.
 *
 * @param argv what follows the program's name.
 */
export function runCli(argv: readonly string[], io: Io): Promise<number> {
  return outcomeOf(() => runVerb(argv, io), argv, io);
}

async function runVerb(argv: readonly string[], io: Io): Promise<number> {
  const call = readPlainCall(argv, VERBS);
  if (call !== undefined) return perform(call, io);
  const { runByCommander } = await import("./commanderCall.js");
  return runByCommander(argv, io, VERBS, (understood) => perform(understood, io));
}
