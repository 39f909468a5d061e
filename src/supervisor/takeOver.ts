import { outputBytesNow } from "../content/outputFolder.js";
import { outputPaths } from "../content/places.js";
import type { Command } from "../session/commands.js";
import type { Session } from "../session/state.js";
import { isOver } from "../session/state.js";
import { adopt } from "./adopt.js";
import type { Launcher } from "./launcher.js";
import { reconcile } from "./reconcile.js";
import type { Recovery } from "./recover.js";
import type { Registry } from "./registry.js";
import type { Resources } from "./resources.js";
import type { Runner } from "./runner.js";

interface TakeOverParts {
  readonly registry: Registry;
  readonly launcher: Launcher;
  readonly runner: Pick<Runner, "adopt" | "caughtUp">;
  readonly resources: Pick<Resources, "sweep">;
  readonly contentDir: string;
  readonly record: (command: Command) => Promise<unknown>;
}

/** From SIGTERM to SIGKILL at most, for what a start ends: it does not wait for long. */
const MAX_GRACE_MS = 1_000;
/** How long a start waits for the ends of commands that came meanwhile: a disk that takes none would hold it up for ever. */
const CATCH_UP_MS = 2_000;

/** Goes on with the commands of earlier daemons where that can be, and ends what is left of the others. */
export async function takeOver(
  parts: TakeOverParts,
): Promise<Pick<Recovery, "adoptedCommands" | "lostCommands">> {
  const { registry, contentDir, record } = parts;
  const executions = [...registry.committedExecutions.values()];
  const session = (sessionId: string): Session => {
    const found = registry.committedSessions.get(sessionId);
    if (found === undefined)
      throw new Error(`A command belongs to the session "${sessionId}", which is not there.`);
    return found;
  };
  const { lost, ...adopted } = await adopt({ ...parts, executions, session, maxGraceMs: MAX_GRACE_MS });
  const lostCommands = await reconcile({
    executions: [...lost, ...executions.filter(({ status }) => isOver(status))],
    record,
    outputBytes: ({ sessionId, commandId }) => outputBytesNow(contentDir, session(sessionId), commandId),
    outputFiles: ({ sessionId, commandId }) => outputPaths(contentDir, session(sessionId), commandId),
    maxGraceMs: MAX_GRACE_MS,
  });
  // In the background: nothing waits for it.
  void parts.resources.sweep(executions);
  // Before the first call: whoever asks then is not told of a command that runs and does not.
  await parts.runner.caughtUp(CATCH_UP_MS);
  return { ...adopted, lostCommands: adopted.lostCommands + lostCommands };
}
