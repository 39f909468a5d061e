import type { SupervisorLog } from "./options.js";

/** From a save that failed to the next one. */
const PAUSE_MS = 10_000;

/** The save that does not wait for its time: one at a time, and after a failure not at once again. */
export class UrgentSave {
  readonly #save: () => Promise<void>;
  readonly #log: Pick<SupervisorLog, "warn"> | undefined;
  #underWay: Promise<void> | undefined;
  /** By the monotonic clock; undefined where the last save went well. */
  #againAtMs: number | undefined;

  constructor(save: () => Promise<void>, log: Pick<SupervisorLog, "warn"> | undefined) {
    this.#save = save;
    this.#log = log;
  }

  /**
   * Saves, or joins the save that is under way; undefined in the pause after a failure. Never rejects: a failure is
   * logged, once until a save goes well again.
   */
  run(): Promise<void> | undefined {
    const isPause = this.#againAtMs !== undefined && performance.now() < this.#againAtMs;
    if (this.#underWay === undefined && isPause) return undefined;
    this.#underWay ??= this.#attempt().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  async #attempt(): Promise<void> {
    try {
      await this.#save();
      this.#againAtMs = undefined;
    } catch (err) {
      const message = "Bodies cannot be saved; they stay in the journal and in memory";
      if (this.#againAtMs === undefined) this.#log?.warn({ err, event: "bodies.unsaved" }, message);
      this.#againAtMs = performance.now() + PAUSE_MS;
    }
  }
}
