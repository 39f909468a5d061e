import type { CommandShape, SessionShape } from "../../../client/index.js";

/** What a session uses, over the tree of all its processes. */
export interface Usage {
  /** Of one core. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly processes: number;
}

/** One session as `top` shows it. */
export interface TopRow extends Partial<Usage> {
  readonly sessionId: string;
  readonly name?: string | undefined;
  readonly state: TopState;
  readonly runningCommands: number;
  readonly totalCommands: number;
  /** RFC 3339. */
  readonly lastActivityAt: string;
  /** The program that was started last of those that run. */
  readonly program?: string | undefined;
}

/**
 * `running`: a command runs; `waiting`: none does, and an invocation of a tool has not ended; `idle`: neither. Else the
 * status of the session.
 */
export type TopState = "running" | "waiting" | "idle" | Exclude<SessionShape["status"], "active">;

/** The row of a session. */
export function rowOf(
  session: SessionShape,
  usage: Usage | undefined,
  running: CommandShape | undefined,
): TopRow {
  const { sessionId, name, commands, lastActivityAt, endedAt } = session;
  return {
    sessionId,
    name,
    state: stateOf(session),
    runningCommands: commands.running,
    totalCommands: commands.total,
    lastActivityAt: endedAt ?? lastActivityAt,
    program: running === undefined ? undefined : programOf(running),
    ...(usage === undefined || endedAt !== undefined ? {} : usage),
  };
}

/** A command as it was called, with its program's name and not its path. */
export function programOf({ argv }: CommandShape): string {
  const [program = "", ...rest] = argv;
  return [program.slice(program.lastIndexOf("/") + 1), ...rest].join(" ");
}

function stateOf({ status, commands, invocations }: SessionShape): TopState {
  if (status !== "active") return status;
  if (commands.running > 0) return "running";
  return invocations.running > 0 ? "waiting" : "idle";
}
