import { setImmediate as turn } from "node:timers/promises";

import type { Journal } from "../journal/index.js";
import { RefusalError } from "../protocol/errors.js";
import { LIMITS } from "../protocol/limits.js";
import type { Result } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import type { Command } from "../session/commands.js";
import type { SubmitOptions } from "./ledger.js";
import type { SupervisorLog } from "./options.js";
import type { Registry } from "./registry.js";
import { NEVER, type RetentionAges, retentionStep } from "./retention.js";
import { unavailable } from "./unavailable.js";

interface RetentionParts {
  readonly registry: Pick<Registry, "session" | "committedSessions">;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly submit: (command: Command, options: SubmitOptions) => Promise<unknown>;
  readonly log: SupervisorLog;
  /** What holds where a run brings no ages of its own; left out, nothing goes. */
  readonly ages: RetentionAges | undefined;
}

interface RunParams {
  readonly archiveAfterMs?: number | undefined;
  readonly deleteAfterMs?: number | undefined;
  readonly dryRun?: boolean;
}

/** What a run came to. */
interface Gone {
  readonly archive: string[];
  readonly delete: string[];
}

/** So many sessions are looked at in one turn of the loop; in the first run over an old folder all of them may be due. */
const SLICE = 250;

/** Archives and deletes sessions by their age, in slices between which everybody else has their turn. */
export class RetentionRuns {
  readonly #parts: RetentionParts;
  #isClosed = false;

  constructor(parts: RetentionParts) {
    this.#parts = parts;
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

  async #run(params: RunParams, isOwn: boolean): Promise<Result<"retention/run">> {
    const { registry, clock, log, ages = NEVER } = this.#parts;
    const {
      archiveAfterMs = ages.archiveAfterMs,
      deleteAfterMs = ages.deleteAfterMs,
      dryRun = false,
    } = params;
    const gone: Gone = { archive: [], delete: [] };
    if (archiveAfterMs > 0 || deleteAfterMs > 0) {
      const nowMs = clock.nowMs();
      const stepOf = (sessionId: string): keyof Gone | undefined =>
        this.#step(sessionId, { archiveAfterMs, deleteAfterMs }, nowMs);
      const all = [...registry.committedSessions.keys()];
      for (let at = 0; at < all.length; at += SLICE) {
        await turn();
        if (this.#isClosed) throw stopping();
        await this.#slice(all.slice(at, at + SLICE), stepOf, gone, { isOwn, dryRun });
      }
    }
    const [archivedCount, deletedCount] = [gone.archive.length, gone.delete.length];
    if (!dryRun && archivedCount + deletedCount > 0)
      log.info(
        { event: "retention.done", archivedCount, deletedCount },
        "Old sessions were archived or deleted",
      );
    const [archived, deleted] = [gone.archive, gone.delete].map((ids) => ids.slice(0, LIMITS.pageItems));
    return { archivedCount, deletedCount, archived: archived ?? [], deleted: deleted ?? [], dryRun };
  }

  async #slice(
    sessionIds: readonly string[],
    stepOf: (sessionId: string) => keyof Gone | undefined,
    gone: Gone,
    { isOwn, dryRun }: { readonly isOwn: boolean; readonly dryRun: boolean },
  ): Promise<void> {
    const { submit, journal } = this.#parts;
    const steps = sessionIds.map(async (sessionId) => {
      const step = stepOf(sessionId);
      if (step === undefined) return;
      if (!dryRun) await submit({ type: `session/${step}`, sessionId }, { isOwn });
      gone[step].push(sessionId);
    });
    const failed = (await Promise.allSettled(steps)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    // The reserve is there for what must be recorded. This can wait, so it takes one slice of it and not all.
    if (!dryRun && journal.state !== "ok") throw unavailable(journal);
  }

  /** The step that is due by what is durable and by what is on its way there: another run may have taken it already. */
  #step(sessionId: string, ages: RetentionAges, nowMs: number): keyof Gone | undefined {
    const { registry } = this.#parts;
    const committed = registry.committedSessions.get(sessionId);
    const head = registry.session(sessionId);
    if (committed === undefined || head === undefined) return undefined;
    const step = retentionStep(committed, ages, nowMs);
    return step === retentionStep(head, ages, nowMs) ? step : undefined;
  }
}

function stopping(): RefusalError {
  return new RefusalError({
    type: "shutting_down",
    message: "The daemon is stopping: not all sessions were looked at.",
    hint: "what was archived or deleted by now stays so; run it again when the daemon is back",
  });
}
