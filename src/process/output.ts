import { open, stat } from "node:fs/promises";
import { inLanes } from "../lanes.js";

/** The two files that a command writes to; they may be one and the same. */
export interface OutputFiles {
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

export interface OutputGaugeOptions {
  /** How often the files are looked at. */
  readonly intervalMs: number;
  /** Calls `look` every `intervalMs` until the returned function is called. For tests. */
  readonly startTimer?: (look: () => void, intervalMs: number) => () => void;
  /** Told when a size cannot be read (a missing file is merely empty), or when an `onGrowth` throws. */
  readonly onError: (error: unknown) => void;
}

/** One command being watched. */
export interface OutputWatch {
  /** Ends the watch; `onGrowth` is not called any more. */
  close(): void;
}

interface Watched {
  readonly paths: readonly string[];
  readonly onGrowth: (totalBytes: number) => void;
  knownBytes: number;
}

/** How many commands are looked at at a time. */
const LOOK_LANES = 4;
/**
 * How many commands one look takes. Where more run, each is looked at less often: 200 of them ten times a second were a
 * tenth of a core.
 */
const COMMANDS_A_LOOK = 50;

/**
 * Watches how much running commands have written. Their output goes straight to files, so nothing tells the daemon:
 * it looks, with one timer for all commands, which runs only while there is one and keeps no process alive.
 */
export class OutputGauge {
  readonly #options: Required<OutputGaugeOptions>;
  readonly #watched = new Set<Watched>();
  #stopTimer: (() => void) | undefined;
  #lookUnderWay: Promise<void> | undefined;

  constructor(options: OutputGaugeOptions) {
    this.#options = { startTimer: startInterval, ...options };
  }

  /**
   * Reports with `onGrowth(totalBytes)` whenever the two files together have become longer than at the last report,
   * at first than nothing.
   */
  watch(command: OutputFiles & { readonly onGrowth: (totalBytes: number) => void }): OutputWatch {
    const paths = [...new Set([command.stdoutPath, command.stderrPath])];
    const watched: Watched = { paths, onGrowth: command.onGrowth, knownBytes: 0 };
    this.#watched.add(watched);
    this.#stopTimer ??= this.#options.startTimer(() => void this.look(), this.#options.intervalMs);
    return {
      close: () => {
        this.#watched.delete(watched);
        if (this.#watched.size === 0) this.close();
      },
    };
  }

  /**
   * Looks at every command once, or at those that have waited longest where there are many; while a look is under way,
   * this is that one. Never rejects.
   */
  look(): Promise<void> {
    this.#lookUnderWay ??= inLanes(this.#next(), LOOK_LANES, (watched) => this.#lookAt(watched)).finally(
      () => {
        this.#lookUnderWay = undefined;
      },
    );
    return this.#lookUnderWay;
  }

  /** Those whose turn it is; they go to the end of the row. */
  #next(): Watched[] {
    const next = [...this.#watched].slice(0, COMMANDS_A_LOOK);
    if (next.length === this.#watched.size) return next;
    for (const watched of next) {
      this.#watched.delete(watched);
      this.#watched.add(watched);
    }
    return next;
  }

  /** Ends all watches and the timer. */
  close(): void {
    this.#watched.clear();
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  async #lookAt(watched: Watched): Promise<void> {
    try {
      const totalBytes = await totalSize(watched.paths);
      const grown = totalBytes > watched.knownBytes;
      // Also when it shrank (somebody truncated a log): what is written after that is output again.
      watched.knownBytes = totalBytes;
      if (grown && this.#watched.has(watched)) watched.onGrowth(totalBytes);
    } catch (error) {
      this.#options.onError(error);
    }
  }
}

/** A piece of an output file. */
export interface OutputPiece {
  readonly bytes: Buffer;
  /** Where to read on: the next call's `sinceBytes`. It never goes back, even if the file became shorter. */
  readonly nextBytes: number;
  /** The size of the whole file. */
  readonly sizeBytes: number;
}

/**
 * At most `limitBytes` of a file from the offset `sinceBytes` on. A file that is missing (the command wrote nothing
 * yet) is empty. A piece may end inside a character. Throws a RangeError unless both numbers are whole and not
 * negative.
 */
export async function readOutput(path: string, sinceBytes: number, limitBytes: number): Promise<OutputPiece> {
  for (const [name, value] of Object.entries({ sinceBytes, limitBytes })) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`cannot read output: ${name} must be a whole number of bytes, not ${value}`);
    }
  }
  const file = await open(path, "r").catch(undefinedIfMissing);
  if (file === undefined) return { bytes: Buffer.alloc(0), nextBytes: sinceBytes, sizeBytes: 0 };
  try {
    const { size: sizeBytes } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, Math.min(limitBytes, sizeBytes - sinceBytes)));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, sinceBytes + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { bytes: bytes.subarray(0, filled), nextBytes: sinceBytes + filled, sizeBytes };
  } finally {
    await file.close();
  }
}

async function totalSize(paths: readonly string[]): Promise<number> {
  let totalBytes = 0;
  for (const path of paths) totalBytes += (await stat(path).catch(undefinedIfMissing))?.size ?? 0;
  return totalBytes;
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}

function startInterval(look: () => void, intervalMs: number): () => void {
  const timer = setInterval(look, intervalMs).unref();
  return () => clearInterval(timer);
}
