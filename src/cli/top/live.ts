import type { ReadStream, WriteStream } from "node:tty";

import type { Client } from "../../../client/index.js";
import type { Context } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { failureOf } from "../failures.js";
import { signalExitCode } from "../runOutcome.js";
import { picture } from "./picture.js";
import { Screen } from "./screen.js";
import type { Source } from "./source.js";
import { type Deed, type Key, press, type TopView } from "./state.js";

/** A look that takes longer is said to. */
const LATE_MS = 3_000;

const ENDING = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/** The live table: looks, draws, and does what keys ask for, until it is left. Answers the exit code. */
export class Live {
  readonly #context: Context;
  readonly #client: Client;
  readonly #source: Source;
  readonly #intervalMs: number;
  readonly #screen: Screen;
  #view: TopView;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  #isLooking = false;
  /** Something else has been asked for during the look. */
  #isWantedAgain = false;
  #finish: (exitCode: number) => void = () => {};

  constructor(
    context: Context,
    client: Client,
    source: Source,
    start: { readonly view: TopView; readonly intervalMs: number },
  ) {
    this.#context = context;
    this.#client = client;
    this.#source = source;
    this.#view = start.view;
    this.#intervalMs = start.intervalMs;
    const { stdin, stdout } = context.io;
    this.#screen = new Screen(stdin as ReadStream, stdout as WriteStream, {
      key: (key) => this.#pressed(key),
      resize: () => this.#draw(),
    });
  }

  async run(): Promise<number> {
    const over = new Promise<number>((resolve) => (this.#finish = resolve));
    const onSignal = (signal: NodeJS.Signals): void => this.#finish(signalExitCode(signal));
    for (const signal of ENDING) process.on(signal, onSignal);
    try {
      this.#screen.enter();
      this.#draw();
      void this.#look();
      return await over;
    } finally {
      this.#isOver = true;
      this.#screen.leave();
      clearTimeout(this.#timer);
      for (const signal of ENDING) process.off(signal, onSignal);
    }
  }

  #pressed(key: Key): void {
    const { view, deed } = press(this.#view, key);
    const isResumed = this.#view.isPaused && !view.isPaused;
    this.#view = view;
    this.#draw();
    if (deed !== undefined) void this.#do(deed);
    if (isResumed) void this.#look();
  }

  async #do(deed: Deed): Promise<void> {
    if (deed.type === "quit") return this.#finish(EXIT.ok);
    try {
      if (deed.type === "stop_command") {
        const { commandId } = deed;
        // As its session wants it stopped: the whole tree, after its own grace time.
        await this.#client.command.signal({ commandId, signal: "SIGTERM", graceMs: 5_000 });
        this.#say("It was asked to end, and is killed in 5 s if it has not.");
      } else if (deed.type === "end_session") {
        const reason = "ended in sessiond top";
        await this.#client.session.end({ sessionId: deed.sessionId, status: "abandoned", reason });
        this.#say("It has ended.");
      }
    } catch (error) {
      this.#say(failureOf(error).message);
    }
    await this.#look();
  }

  #say(notice: string): void {
    this.#view = { ...this.#view, notice };
    this.#draw();
  }

  /** One look at a time; the next one is due an interval after this one. */
  async #look(): Promise<void> {
    if (this.#isLooking) return void (this.#isWantedAgain = true);
    if (this.#isOver) return;
    this.#isLooking = true;
    clearTimeout(this.#timer);
    const late = setTimeout(() => this.#say("The daemon does not answer. Asking on …"), LATE_MS);
    try {
      const look = await this.#source.look(this.#view.openId);
      const isBack = this.#view.notice?.endsWith("…") === true;
      this.#view = { ...this.#view, look, ...(isBack ? { notice: undefined } : {}) };
    } catch (error) {
      this.#view = { ...this.#view, notice: `${failureOf(error).message} Asking on …` };
    }
    clearTimeout(late);
    this.#isLooking = false;
    // A timer would keep the program alive.
    if (this.#isOver) return;
    this.#draw();
    const isWanted = this.#isWantedAgain;
    this.#isWantedAgain = false;
    if (isWanted) return this.#look();
    this.#timer = setTimeout(() => {
      if (!this.#view.isPaused) void this.#look();
    }, this.#intervalMs);
  }

  #draw(): void {
    this.#screen.draw(picture(this.#view, this.#screen.size, this.#context.paint));
  }
}
