import type { Command } from "../session/commands.js";

export interface ReportsParts {
  /** Records a report; resolves when it is durable, rejects where it has to be given again. */
  readonly record: (command: Command) => Promise<unknown>;
  readonly onError: (error: unknown, what: string) => void;
  /** What was told of by `onError` is over. */
  readonly onRecovery: (what: string) => void;
}

/** The pauses before a report is given again: each is twice the one before. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Reports of what became of commands. What happened has happened, whether the disk takes it now or later. */
export class Reports {
  readonly #parts: ReportsParts;
  /** Those that could not be recorded yet. A full disk refuses all of them: that is told once, and when it is over. */
  readonly #unrecorded = new Set<Command>();
  #isClosed = false;

  constructor(parts: ReportsParts) {
    this.#parts = parts;
  }

  /** Gives a report again and again until it is recorded. Never rejects. */
  async give(command: Command): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#isClosed; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#parts.record(command);
        this.#recorded(command);
        return;
      } catch (error) {
        this.#failed(command, error);
        await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
      }
    }
  }

  /** Nothing is given again any more. */
  close(): void {
    this.#isClosed = true;
  }

  #recorded(command: Command): void {
    if (this.#unrecorded.delete(command) && this.#unrecorded.size === 0)
      this.#parts.onRecovery("The reports of commands are recorded again");
  }

  #failed(command: Command, error: unknown): void {
    if (this.#unrecorded.size === 0)
      this.#parts.onError(error, "A command's report could not be recorded; it is given again");
    this.#unrecorded.add(command);
  }
}
