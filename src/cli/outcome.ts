import type { Io } from "./context.js";
import { contextOf } from "./context.js";
import { EXIT } from "./exitCodes.js";
import { OutputGoneError } from "./output.js";
import type { Call } from "./plainCall.js";

/** Performs a call that is understood, and answers its exit code. Throws what goes wrong. */
export async function perform({ spec, globals, options, args }: Call, io: Io): Promise<number> {
  const verb = await spec.load();
  return verb(contextOf(io, globals), options as never, args);
}

/**
 * The exit code of what is done for a call. Never throws: what goes wrong is printed, without a stack.
 *
 * @param argv what follows the program's name.
 */
export async function outcomeOf(
  work: () => Promise<number>,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutputGoneError) return EXIT.brokenPipe;
    const { tell } = await import("./tell.js");
    return tell(error, argv, io);
  }
}
