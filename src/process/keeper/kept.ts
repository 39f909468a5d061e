import type { Socket } from "node:net";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { type ProcessIdentity, readBootId } from "../identity.js";
import type { Ending, Supervised } from "../supervised.js";
import { FifoInput } from "./fifoInput.js";
import { connectToKeeper, type Connection } from "./keeperSocket.js";
import { addLine, claimant, readRecords, type Records } from "./records.js";
import { shellHands } from "./shellHands.js";

/** Between two tries to connect, where it failed for want of descriptors or the like. */
const PAUSE_MS = 200;

const LOST: Ending = { exitCode: null, signal: null, isLost: true };

/**
 * What a keeper tells, from a connection that is opened again as long as the keeper is there, and from its files after
 * that. Resolves `settled` with the first of what there is to know, `gone` when there is no keeper any more.
 */
export class Kept {
  readonly #folder: string;
  readonly #records: Records = {};
  #socket: Socket | undefined;
  #text = "";
  #settle: () => void = () => {};
  #end: (ending: Ending) => void = () => {};
  /** What was said while there was no connection. */
  #unsaid: string[] = [];
  #isDetached = false;
  readonly #input: FifoInput;
  readonly #settled = new Promise<void>((resolve) => (this.#settle = resolve));
  readonly #ended = new Promise<Ending>((resolve) => (this.#end = resolve));
  readonly #gone: Promise<void>;
  /** Whether its end was told, and not found. */
  #isHeard = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#input = new FifoInput(folder, () => this.#say("eof"));
    this.#gone = this.#follow();
  }

  /**
   * The process, as soon as it is known whether it runs, or ran; or why it did not start. Undefined where nothing can be
   * known: the keeper was killed before it began.
   */
  async process(graceMs: number): Promise<Supervised | NonNullable<Records["failed"]> | undefined> {
    await this.#settled;
    const { started, failed } = this.#records;
    if (failed !== undefined) return failed;
    if (started === undefined) return undefined;
    const { pid, startedAtMs } = started;
    const identity = identityOf(started);
    const common = { pid, identity, startedAtMs, ended: this.#ended };
    if ((await claimant(this.#folder)) === "sh") {
      const gone = this.#gone.then(() => this.#isHeard);
      const hands = shellHands({ ...common, folder: this.#folder, gone, graceMs });
      return { ...common, isHeld: false, supervision: "sh", ...hands };
    }
    return {
      ...common,
      supervision: "keeper",
      isHeld: started.isHeld,
      gone: this.#gone,
      signal: (signal) => this.#say(`signal ${constants.signals[signal]}`),
      stop: (graceMs, cause) => this.#say(`stop ${Math.ceil(graceMs)} ${cause}`),
      input: this.#input,
    };
  }

  /** Ends whatever this keeper has, and resolves when it is gone. */
  async dispose(graceMs: number): Promise<void> {
    if ((await claimant(this.#folder)) === "sh") {
      const process = await this.process(graceMs);
      if (process === undefined || !("pid" in process)) return;
      process.stop(graceMs, "stopped");
      return process.gone;
    }
    this.#say(`stop ${graceMs} stopped`);
    await this.#gone;
  }

  /** Follows the keeper no more; it goes on. Nothing resolves from then on. */
  detach(): void {
    this.#isDetached = true;
    void this.#input.close();
    this.#socket?.destroy();
  }

  #say(line: string): void {
    if (this.#socket === undefined) this.#unsaid.push(line);
    else this.#socket.write(`${line}\n`);
  }

  async #follow(): Promise<void> {
    while (!this.#isDetached) {
      const connection = await connectToKeeper(this.#folder).catch(() => "unknown" as const);
      if (connection === undefined) break;
      if (connection === "unknown") await sleep(PAUSE_MS);
      else await this.#listen(connection);
    }
    if (this.#isDetached) return new Promise(() => {});
    Object.assign(this.#records, await this.#readFiles());
    this.#settle();
    void this.#input.close();
    this.#end(this.#records.ended ?? LOST);
  }

  /** Resolves when the connection has ended. */
  #listen({ socket, said, isMute }: Connection): Promise<void> {
    if (this.#isDetached) socket.destroy();
    this.#socket = socket;
    this.#text = "";
    for (const line of this.#unsaid.splice(0)) this.#say(line);
    socket.setEncoding("utf8").on("data", (piece: string) => this.#hear(piece));
    this.#hear(said);
    // What it said before, it says to nobody else.
    if (isMute) void this.#readFiles().then((records) => this.#note(records));
    return new Promise((resolve) => {
      const over = (): void => {
        this.#socket = undefined;
        resolve();
      };
      // A keeper that was about to go may have reset the connection before anybody listened.
      if (socket.destroyed) over();
      else socket.once("close", over);
    });
  }

  #hear(piece: string): void {
    const lines = (this.#text + piece).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) addLine(this.#records, line);
    this.#note(this.#records);
  }

  #note(records: Records): void {
    Object.assign(this.#records, records);
    const { started, failed, ended } = this.#records;
    if (started !== undefined || failed !== undefined) this.#settle();
    if (ended === undefined) return;
    this.#isHeard = true;
    this.#end(ended);
  }

  async #readFiles(): Promise<Records> {
    for (;;) {
      try {
        return await readRecords(this.#folder);
      } catch {
        await sleep(PAUSE_MS);
      }
    }
  }
}

function identityOf({ pid, startTicks }: NonNullable<Records["started"]>): ProcessIdentity | undefined {
  const bootId = readBootId();
  return startTicks === 0 || bootId === undefined ? undefined : { pid, startTicks, bootId };
}
