import { setTimeout as pause } from "node:timers/promises";
import { JournalDamagedError } from "./errors.js";
import type { Reader } from "./reader.js";

/** Reads, behind everybody's back, what the start took on trust. */
export class KeptCheck {
  readonly #reader: Pick<Reader, "checkTrusted">;
  readonly #pauseMs: number;
  #damage: string | undefined;
  #isStopped = false;
  #done: Promise<void> | undefined;

  /** @param pauseMs between two pieces of a file */
  constructor(reader: Pick<Reader, "checkTrusted">, pauseMs: number) {
    this.#reader = reader;
    this.#pauseMs = pauseMs;
  }

  /** What was found to be damaged, for a person. */
  get damage(): string | undefined {
    return this.#damage;
  }

  /** Reads all of it once, however often it is called. @throws JournalDamagedError at the first damage */
  run(): Promise<void> {
    this.#done ??= this.#run();
    return this.#done;
  }

  /** Ends it; resolves when it reads nothing any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#done?.catch(() => undefined);
  }

  async #run(): Promise<void> {
    try {
      await this.#reader.checkTrusted(async () => {
        if (!this.#isStopped && this.#pauseMs > 0) await pause(this.#pauseMs);
        return !this.#isStopped;
      });
    } catch (error) {
      if (error instanceof JournalDamagedError) this.#damage = error.message;
      throw error;
    }
  }
}
