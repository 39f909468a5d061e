import type { Context } from "../context.js";
import { cut, printable } from "../textWidth.js";

const WIDTH = 80;
const INDENT = "   ";

/** Tells the demo as it goes: numbered chapters with a few lines each, no wider than 80 columns. */
export class Story {
  readonly #context: Context;
  #isSilent: boolean;
  #chapter = 0;

  constructor(context: Context) {
    this.#context = context;
    // With --json there is the result, and nothing else.
    this.#isSilent = context.globals.json;
  }

  /** A headline of its own. */
  async title(text: string): Promise<void> {
    await this.#write(`${this.#context.paint("bold", text)}\n`);
  }

  async chapter(text: string): Promise<void> {
    this.#chapter += 1;
    const { paint } = this.#context;
    await this.#write(`\n${paint("cyan", String(this.#chapter))}  ${paint("bold", text)}\n`);
  }

  /** A sentence; wrapped where it is too long. */
  async say(text: string): Promise<void> {
    for (const line of wrap(text, WIDTH - INDENT.length)) await this.#write(`${INDENT}${line}\n`);
  }

  /** A line of something else, such as a program's output; cut where it is too long. */
  async quote(text: string): Promise<void> {
    const line = cut(printable(text), WIDTH - INDENT.length - 2);
    await this.#write(`${INDENT}${this.#context.paint("dim", `| ${line}`)}\n`);
  }

  /** Lines that are laid out already. */
  async show(text: string): Promise<void> {
    await this.#write(text.replace(/^(?=.)/gm, INDENT));
  }

  /** Says nothing more. */
  end(): void {
    this.#isSilent = true;
  }

  async #write(text: string): Promise<void> {
    if (!this.#isSilent) await this.#context.out.write(text);
  }
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}
