import type { CommandShape } from "../../client/index.js";
import type { Context } from "./context.js";
import { commandFailure } from "./runOutcome.js";

/**
 * Says of a command that has ended what its output does not show: with `--json` the whole of it. Standard error is the
 * command's own, so only to a person; that it could not be started, to everybody.
 */
export async function reportCommand(
  { globals, io, out, err, paint }: Context,
  command: CommandShape,
): Promise<void> {
  if (globals.json) return out.write(`${JSON.stringify(command)}\n`);
  const isPlain = command.cause === "exited" && command.attempt === 1;
  const isTold = command.cause === "start_failed" || (!isPlain && io.stderr.isTTY === true);
  if (isTold)
    await err.write(`${paint("dim", "sessiond:")} ${commandFailure(command)}\n`).catch(() => undefined);
}
