import { setImmediate as turn } from "node:timers/promises";

import type { Journal } from "../../journal/index.js";
import { inLanes } from "../../lanes.js";
import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";
import type { Result } from "../../protocol/types.js";
import type { Clock } from "../../schedule/clock.js";
import type { Command } from "../../session/commands.js";
import type { Session } from "../../session/state.js";
import type { SubmitOptions } from "../ledger.js";
import type { SupervisorLog } from "../options.js";
import type { Registry } from "../registry.js";
import { unavailable } from "../unavailable.js";
import type { HeldBytes } from "./heldBytes.js";
import { type Candidate, dependsOnSizes, isCandidate, planRetention, type RetentionStep } from "./plan.js";
import { NOTHING_GOES, type RetentionSettings, rulesOf } from "./policy.js";

interface RetentionParts {
  readonly registry: Pick<Registry, "session" | "committedSessions">;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly submit: (command: Command, options: SubmitOptions) => Promise<unknown>;
  readonly log: SupervisorLog;
  readonly heldBytes: Pick<HeldBytes, "prepare" | "of">;
  /** Whether somebody else needs a session, so that it is left alone whatever its age; nobody does if left out. */
  readonly isSpared?: (session: Session) => boolean;
  /** What holds where a run brings no ages of its own; left out, nothing goes. */
  readonly settings: RetentionSettings | undefined;
}

interface RunParams {
  readonly archiveAfterMs?: number | undefined;
  readonly deleteAfterMs?: number | undefined;
  readonly trashAfterMs?: number | undefined;
  readonly dryRun?: boolean;
}

/** Whose run it is, and whether it is one. */
interface RunOptions {
  readonly isOwn: boolean;
  readonly dryRun: boolean;
}

/** So many sessions are looked at in one turn of the loop; in the first run over an old folder all of them may be due. */
const SLICE = 250;
/** Folders that are measured at a time: the threads that do it are those that sync the journal. */
const SIZE_LANES = 2;

/** Archives, trashes and deletes sessions by the policies, in slices between which everybody else has their turn. */
export class RetentionRuns {
  readonly #parts: RetentionParts;
  #isClosed = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
  }

  /** What is in force. */
  get policy(): Result<"retention/policy"> {
    const settings = this.#parts.settings ?? NOTHING_GOES;
    const { trashAfterMs, maxSessions, maxTotalBytes } = settings;
    // What is shown has passed the schema of the configuration, which says the same.
    const policies = rulesOf(settings) as unknown as Result<"retention/policy">["policies"];
    return { policies, trashAfterMs, maxSessions, maxTotalBytes };
  }

  /**
   * Takes the one step that is due for each session, and resolves when all of it is durable; a dry run only says which
   * these are. What is due is seen anew by each run, so one that broke off, or is made twice, does no harm.
   *
   * @throws RefusalError where the journal takes no writes, or the daemon stops; what was done by then stays done
   */
  run(params: RunParams): Promise<Result<"retention/run">> {
    return this.#run(params, false);
  }

  /** The daemon's own run, by its settings. On a full disk it may use the reserve, for one slice; a stop breaks it off. */
  async runOwn(): Promise<void> {
    try {
      await this.#run({}, true);
    } catch (error) {
      // The next start goes on with it.
      if (!this.#isClosed) throw error;
    }
  }

  /** Begins no further slice: whoever waits for a run is refused. */
  close(): void {
    this.#isClosed = true;
  }

  async #run({ dryRun = false, ...ages }: RunParams, isOwn: boolean): Promise<Result<"retention/run">> {
    const { settings = NOTHING_GOES } = this.#parts;
    const planned = await this.#plan({
      ...settings,
      archiveAfterMs: ages.archiveAfterMs ?? settings.archiveAfterMs,
      deleteAfterMs: ages.deleteAfterMs ?? settings.deleteAfterMs,
      trashAfterMs: ages.trashAfterMs ?? settings.trashAfterMs,
    });
    const taken: RetentionStep[] = [];
    for (let at = 0; at < planned.length; at += SLICE) {
      await this.#pause();
      taken.push(...(await this.#slice(planned.slice(at, at + SLICE), { isOwn, dryRun })));
    }
    const result = resultOf(taken, dryRun);
    const { sessions: _, dryRun: __, ...counts } = result;
    if (!dryRun && taken.length > 0)
      this.#parts.log.info(
        { event: "retention.done", ...counts },
        "Old sessions were archived, trashed or deleted",
      );
    return result;
  }

  /** What is due by what is durable. Sizes are looked up for those that need them, which is mostly few. */
  async #plan(settings: RetentionSettings): Promise<RetentionStep[]> {
    const { registry, clock, isSpared = () => false } = this.#parts;
    const all: Session[] = [];
    const candidates: Candidate[] = [];
    for (const session of registry.committedSessions.values()) {
      all.push(session);
      if (isCandidate(session) && !isSpared(session)) candidates.push({ session, sizeBytes: 0 });
    }
    const { maxTotalBytes } = settings;
    if (!dependsOnSizes(settings)) {
      const totals = { count: all.length, sizeBytes: 0 };
      const steps = planRetention(candidates, totals, settings, clock.nowMs());
      const sizes = await this.#sizes(steps.map(({ session }) => session));
      return steps.map((step) => ({ ...step, sizeBytes: sizes.get(step.session) ?? 0 }));
    }
    const sizes = await this.#sizes(maxTotalBytes > 0 ? all : candidates.map(({ session }) => session));
    const sizeBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    const measured = candidates.map(({ session }) => ({ session, sizeBytes: sizes.get(session) ?? 0 }));
    return planRetention(measured, { count: all.length, sizeBytes }, settings, clock.nowMs());
  }

  async #sizes(sessions: readonly Session[]): Promise<ReadonlyMap<Session, number>> {
    const [{ heldBytes }, sizes] = [this.#parts, new Map<Session, number>()];
    if (sessions.length > 0) await heldBytes.prepare();
    await inLanes(sessions, SIZE_LANES, async (session) => {
      if (sizes.size % SLICE === 0) await this.#pause();
      sizes.set(session, await heldBytes.of(session));
    });
    return sizes;
  }

  /** Answers the steps that were taken, in their order. */
  async #slice(steps: readonly RetentionStep[], { isOwn, dryRun }: RunOptions): Promise<RetentionStep[]> {
    const { registry, submit, journal, isSpared = () => false } = this.#parts;
    const outcomes = steps.map(async (step): Promise<RetentionStep[]> => {
      const { session, action } = step;
      // Sessions never change, so another object is another state: somebody has come first, and the next run looks again.
      if (registry.session(session.sessionId) !== session || isSpared(session)) return [];
      if (!dryRun) await submit({ type: `session/${action}`, sessionId: session.sessionId }, { isOwn });
      return [step];
    });
    const settled = await Promise.allSettled(outcomes);
    const failed = settled.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    // The reserve is there for what must be recorded. This can wait, so it takes one slice of it and not all.
    if (!dryRun && journal.state !== "ok") throw unavailable(journal);
    return settled.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  }

  /** Lets everybody else have their turn. @throws RefusalError where the daemon stops meanwhile */
  async #pause(): Promise<void> {
    await turn();
    if (this.#isClosed) throw stopping();
  }
}

function resultOf(steps: readonly RetentionStep[], dryRun: boolean): Result<"retention/run"> {
  const of = (wanted: RetentionStep["action"]): RetentionStep[] =>
    steps.filter(({ action }) => action === wanted);
  const bytesOf = (some: readonly RetentionStep[]): number =>
    some.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    sessions: steps.slice(0, LIMITS.pageItems).map(({ session, action, reason, sizeBytes }) => ({
      sessionId: session.sessionId,
      action,
      reason,
      sizeBytes,
    })),
    archivedCount: of("archive").length,
    trashedCount: of("trash").length,
    deletedCount: of("delete").length,
    totalBytes: bytesOf(steps),
    deletedBytes: bytesOf(of("delete")),
    dryRun,
  };
}

function stopping(): RefusalError {
  return new RefusalError({
    type: "shutting_down",
    message: "The daemon is stopping: not all sessions were looked at.",
    hint: "what was archived or deleted by now stays so; run it again when the daemon is back",
  });
}
