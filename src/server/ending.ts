import type { CommandsAtStop } from "../supervisor/runner.js";

/** Milliseconds from SIGTERM to SIGKILL for commands that are ended, and until that is given up: a second is enough. */
export const COMMANDS_AT_STOP = { graceMs: 500, patienceMs: 800 } as const;

/** Things to close, the last opened first. */
export class Closers {
  readonly #closers: (() => Promise<void> | void)[] = [];

  add(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** Closes everything, whatever fails on the way; throws the first failure at the end. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const close of this.#closers.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** The end of the daemon: begun once, by whoever asks first, and awaited by all. */
export class Ending {
  readonly done: Promise<void>;
  #begun = false;
  #commands: CommandsAtStop = "keep";
  readonly #begin: () => void;

  constructor(close: () => Promise<void>) {
    let begin = (): void => undefined;
    this.done = new Promise<void>((resolve) => {
      begin = resolve;
    }).then(close);
    // Whoever waits for it is told; that nobody waits is no error of its own.
    this.done.catch(() => undefined);
    this.#begin = begin;
  }

  get hasBegun(): boolean {
    return this.#begun;
  }

  /** What becomes of commands that could go on: `stop` counts from whomever it comes. */
  get commands(): CommandsAtStop {
    return this.#commands;
  }

  begin(commands: CommandsAtStop): Promise<void> {
    if (commands === "stop") this.#commands = "stop";
    this.#begun = true;
    this.#begin();
    return this.done;
  }
}
