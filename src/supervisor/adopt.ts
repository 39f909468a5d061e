import { inLanes } from "../lanes.js";
import type { Execution, Session } from "../session/state.js";
import { isOver } from "../session/state.js";
import type { Launcher } from "./launcher.js";
import type { Runner } from "./runner.js";

interface AdoptParts {
  readonly executions: Iterable<Execution>;
  readonly launcher: Launcher;
  readonly runner: Pick<Runner, "adopt">;
  readonly session: (sessionId: string) => Session;
  /** From SIGTERM to SIGKILL, for what runs and belongs to no command that is there. */
  readonly maxGraceMs: number;
}

/** How many commands are looked for at a time. */
const LANES = 8;

interface Adopted {
  readonly adoptedCommands: number;
  /** Those that are lost, and are being ended and tried again. */
  readonly lostCommands: number;
  /** Those that are lost as well, and over with that. */
  readonly lost: readonly Execution[];
}

/**
 * Finds the commands of earlier daemons after a start: those whose keeper is there go on as if nothing had been, those that
 * have ended meanwhile are reported with what their keeper wrote down, and those that were never begun begin now. One that
 * is lost is tried again where it asked for that. What a keeper has of a command that is over, or not known at all, is ended.
 */
export async function adopt(parts: AdoptParts): Promise<Adopted> {
  const { launcher, runner, session, maxGraceMs } = parts;
  const left = [...parts.executions].filter(({ status }) => !isOver(status));
  const known = new Set<string>();
  const lost: Execution[] = [];
  let adoptedCommands = 0;
  let lostCommands = 0;
  await inLanes(left, LANES, async (execution) => {
    const found = await launcher.find(execution);
    if (found === undefined) {
      lost.push(execution);
      return;
    }
    known.add(execution.token);
    if (found.state === "lost") lostCommands += 1;
    else adoptedCommands += 1;
    runner.adopt(execution, session(execution.sessionId), found);
  });
  await launcher.sweep((token) => known.has(token), maxGraceMs);
  return { adoptedCommands, lostCommands, lost };
}
