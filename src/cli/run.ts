import type { Io } from "./context.js";
import { contextOf } from "./context.js";
import { EXIT } from "./exitCodes.js";
import { OutputGoneError } from "./output.js";
import type { Call } from "./plainCall.js";
import { readPlainCall } from "./plainCall.js";
import type { VerbSpec } from "./verb.js";
import { VERBS } from "./verbTable.js";

/**
 * Runs one call of the command line and answers its exit code. Never throws: what goes wrong is printed, without
 * a stack. What is loaded before the verb runs is what `sessiond ping` takes, so it is little.
 *
 * @param argv what follows the program's name.
 */
export async function runCli(
  argv: readonly string[],
  io: Io,
  verbs: readonly VerbSpec[] = VERBS,
): Promise<number> {
  const perform = async ({ spec, globals, options, args }: Call): Promise<number> =>
    (await spec.load())(contextOf(io, globals), options as never, args);
  try {
    const call = readPlainCall(argv, verbs);
    if (call !== undefined) return await perform(call);
    const { runByCommander } = await import("./commanderCall.js");
    return await runByCommander(argv, io, verbs, perform);
  } catch (error) {
    if (error instanceof OutputGoneError) return EXIT.brokenPipe;
    const { tell } = await import("./tell.js");
    return tell(error, argv, io);
  }
}
