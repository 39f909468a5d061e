import { writeSync } from "node:fs";
import { emitKeypressEvents } from "node:readline";
import type { ReadStream, WriteStream } from "node:tty";

import type { Size } from "./picture.js";
import type { Key } from "./state.js";

/** The other screen, no cursor, no line that goes on in the next. */
const ENTER = "\u001B[?1049h\u001B[?25l\u001B[?7l";
const LEAVE = "\u001B[?7h\u001B[?25h\u001B[?1049l";
const STDOUT = 1;
const HOME = "\u001B[H";
/** Before the text: behind one that fills the line it would take its last character. */
const CLEAR_LINE = "\u001B[K";

interface RawKey {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/**
 * A terminal that is drawn on as a whole. Whatever ends the process, it is as it was before: `leave` is called on its exit
 * as well, and before an error of the program is printed.
 */
export class Screen {
  readonly #stdin: ReadStream;
  readonly #stdout: WriteStream;
  #isOurs = false;

  /**
   * @param on.key told of each key
   * @param on.resize told when the terminal has another size, and when it is ours again
   */
  constructor(
    stdin: ReadStream,
    stdout: WriteStream,
    on: { readonly key: (key: Key) => void; readonly resize: () => void },
  ) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    emitKeypressEvents(stdin);
    stdin.on("keypress", (text: string | undefined, { name = "", ctrl = false }: RawKey) => {
      if (ctrl && name === "z") this.#suspend();
      else on.key(ctrl ? { name: `ctrl-${name}` } : { name, text });
    });
    stdout.on("resize", on.resize);
    process.on("SIGCONT", () => {
      if (this.#isOurs) return;
      this.enter();
      on.resize();
    });
    process.on("exit", () => this.leave());
    process.on("uncaughtExceptionMonitor", () => this.leave());
  }

  get size(): Size {
    return { columns: this.#stdout.columns, rows: this.#stdout.rows };
  }

  enter(): void {
    this.#isOurs = true;
    this.#stdin.setRawMode(true);
    this.#stdin.resume();
    this.#stdout.write(ENTER);
  }

  /** Draws the lines over what is there. */
  draw(lines: readonly string[]): void {
    if (!this.#isOurs) return;
    this.#stdout.write(HOME + lines.map((line) => CLEAR_LINE + line).join("\r\n"));
  }

  /** Synchronously: the process may be about to end. Again is harmless. */
  leave(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    try {
      writeSync(STDOUT, LEAVE);
      this.#stdin.setRawMode(false);
    } catch {
      // The terminal is gone: there is nothing to be put back.
    }
    this.#stdin.pause();
  }

  /** What Ctrl-Z does where a program does not read keys itself. */
  #suspend(): void {
    this.leave();
    process.kill(process.pid, "SIGTSTP");
  }
}
