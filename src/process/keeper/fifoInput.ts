import { constants } from "node:fs";
import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";

import { InputClosedError, type InputState, type ProcessInput } from "../input.js";
import { INPUT } from "./intent.js";

const STATE = "given";
/** Pipes hold 64 KiB where nobody has set another size: a larger piece would be taken in parts anyway. */
const PIECE_BYTES = 65_536;

interface InputFiles {
  readonly fifo: FileHandle;
  readonly state: FileHandle;
}

/**
 * The input of a command by the FIFO in its folder, which its keeper holds open: so it goes on through a restart of the
 * daemon. How much was given is written down after each piece, in a file of one line that is written by one call; a daemon
 * that is killed between the two would give that piece again.
 */
export class FifoInput implements ProcessInput {
  readonly #folder: string;
  readonly #tellKeeper: () => void;
  #state: InputState | undefined;
  #opened: Promise<InputFiles> | undefined;
  #isOver = false;

  /** @param tellKeeper has it let go of its end of the FIFO */
  constructor(folder: string, tellKeeper: () => void) {
    this.#folder = folder;
    this.#tellKeeper = tellKeeper;
  }

  async state(): Promise<InputState> {
    return (this.#state ??= await this.#read());
  }

  async write(bytes: Uint8Array): Promise<number> {
    const { givenBytes } = await this.state();
    const { fifo } = await this.#open();
    try {
      const { bytesWritten } = await fifo.write(bytes.subarray(0, PIECE_BYTES));
      await this.#note({ givenBytes: givenBytes + bytesWritten, hasEnded: false });
      return bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return 0;
      throw closedOr(error);
    }
  }

  async end(): Promise<void> {
    const { givenBytes } = await this.state();
    await this.#open().catch(ignoreClosed);
    if (!this.#isOver) await this.#note({ givenBytes, hasEnded: true });
    this.#tellKeeper();
    await this.close();
  }

  /** Lets go of the files; what the keeper holds stays open. */
  async close(): Promise<void> {
    this.#isOver = true;
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await Promise.allSettled([opened?.fifo.close(), opened?.state.close()]);
  }

  /** Both files at once, since one without the other is no use. */
  #open(): Promise<InputFiles> {
    if (this.#isOver) return Promise.reject(new InputClosedError());
    return (this.#opened ??= this.#openBoth().catch((error: unknown) => {
      this.#opened = undefined;
      throw closedOr(error);
    }));
  }

  async #openBoth(): Promise<InputFiles> {
    const fifo = await open(join(this.#folder, INPUT), constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT;
      return { fifo, state: await open(join(this.#folder, STATE), flags, 0o600) };
    } catch (error) {
      await fifo.close();
      throw error;
    }
  }

  async #note(state: InputState): Promise<void> {
    this.#state = state;
    const line = `${String(state.givenBytes).padStart(16, "0")} ${state.hasEnded ? "ended" : "open "}\n`;
    await (await this.#opened)?.state.write(line, 0);
  }

  async #read(): Promise<InputState> {
    const text = await readFile(join(this.#folder, STATE), "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const [given = "0", word] = text.trim().split(" ");
    return { givenBytes: Number(given), hasEnded: word === "ended" };
  }
}

/** ENXIO: nobody has it open for reading; ENOENT: the folder is gone, and the command with it. */
function closedOr(error: unknown): unknown {
  const { code = "" } = error as NodeJS.ErrnoException;
  return ["EPIPE", "ENXIO", "ENOENT", "EBADF"].includes(code)
    ? new InputClosedError({ cause: error })
    : error;
}

function ignoreClosed(error: unknown): void {
  if (!(error instanceof InputClosedError)) throw error;
}
