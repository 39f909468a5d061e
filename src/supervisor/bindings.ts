import { setImmediate as turn } from "node:timers/promises";

import { isSame, readBootId } from "../process/identity.js";
import { exitOf } from "../process/outside.js";
import { awaited } from "../session/binding.js";
import type { Command } from "../session/commands.js";
import type { Binding, Execution, Session } from "../session/state.js";
import { isOver } from "../session/state.js";
import type { SupervisorLog } from "./options.js";

interface BindingsParts {
  readonly registry: {
    readonly committedSessions: { values(): Iterable<Session> };
    readonly committedExecutions: { values(): Iterable<Execution> };
  };
  /** Records what the daemon saw. */
  readonly record: (command: Command) => Promise<unknown>;
  readonly log: SupervisorLog;
}

type End = { readonly exitCode?: number | undefined; readonly signal?: string | undefined };

/** So many processes are looked at in one turn of the loop; one takes some 20 µs. */
const SLICE = 100;
/** How often one that was a command is looked for in vain before its session ends without the command's exit code. */
const PATIENCE = 10;

/**
 * The processes that sessions are bound to: a look at each, once a second, and the end of the session when its process is
 * gone. What was to be seen while no daemon was there is seen by the first look. Nothing here signals anybody.
 */
export class Bindings {
  readonly #parts: BindingsParts;
  /** Those whose end is awaited, by their sessions. */
  readonly #bound = new Map<string, Binding>();
  /** How often the end of a process was seen that a command has still to tell of. */
  readonly #seen = new Map<Binding, number>();

  constructor(parts: BindingsParts) {
    this.#parts = parts;
  }

  /** After a start: ends the sessions whose processes went while no daemon was there. Never rejects. */
  async begin(): Promise<void> {
    for (const session of this.#parts.registry.committedSessions.values()) this.note(session);
    await this.look().catch((err: unknown) => {
      this.#parts.log.warn(
        { err },
        "Processes that sessions are bound to cannot be looked at now; it is tried again",
      );
    });
  }

  /** Takes note of a session that has changed. */
  note(session: Session): void {
    const { sessionId } = session;
    const binding = awaited(session);
    const former = this.#bound.get(sessionId);
    if (binding === former) return;
    if (former !== undefined) this.#seen.delete(former);
    if (binding === undefined) this.#bound.delete(sessionId);
    else this.#bound.set(sessionId, binding);
  }

  /** The bound processes, from which their whole trees are found. */
  *roots(): Generator<{ sessionId: string; pid: number; startTicks: number }> {
    for (const [sessionId, { pid, startTicks }] of this.#bound) yield { sessionId, pid, startTicks };
  }

  /** Looks at each process; to be called every second. Rejects where an end could not be recorded: it comes up again. */
  async look(): Promise<void> {
    // Where boots cannot be told apart nothing is found out by looking.
    if (this.#bound.size === 0 || readBootId() === undefined) return;
    const gone: [string, Binding][] = [];
    let looked = 0;
    for (const [sessionId, binding] of this.#bound) {
      if (!isSame(binding)) gone.push([sessionId, binding]);
      looked += 1;
      if (looked % SLICE === 0) await turn();
    }
    const ends = await Promise.all(gone.map(([sessionId, binding]) => this.#end(sessionId, binding)));
    const failure = ends.find((error) => error !== undefined);
    if (failure !== undefined) throw failure;
  }

  /** Ends a session whose process is gone; answers the error where that could not be recorded. */
  async #end(sessionId: string, binding: Binding): Promise<unknown> {
    const { pid, startTicks, bootId } = binding;
    try {
      const end = exitOf(binding) ?? this.#endOfCommand(binding);
      if (end === "awaited") return undefined;
      const isOfEarlierBoot = bootId !== readBootId();
      const process = { pid, startTicks, bootId, isOfEarlierBoot };
      await this.#parts.record({ type: "session/process-gone", sessionId, ...process, ...end });
      return undefined;
    } catch (error) {
      return error;
    }
  }

  /** How it ended where the daemon itself ran it, as an agent that has begun a session of its own. */
  #endOfCommand(binding: Binding): End | "awaited" {
    const command = [...this.#parts.registry.committedExecutions.values()].find(
      ({ process }) =>
        process?.pid === binding.pid &&
        process.startTicks === binding.startTicks &&
        process.bootId === binding.bootId,
    );
    if (command === undefined) return {};
    if (isOver(command.status)) return { exitCode: command.exitCode, signal: command.signal };
    const seen = (this.#seen.get(binding) ?? 0) + 1;
    this.#seen.set(binding, seen);
    return seen < PATIENCE ? "awaited" : {};
  }
}
