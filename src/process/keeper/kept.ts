import type { Socket } from "node:net";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { type ProcessIdentity, readBootId } from "../identity.js";
import type { Ending, Supervised } from "../supervised.js";
import { connectToKeeper } from "./keeperSocket.js";
import { addLine, readRecords, type Records } from "./records.js";

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
  readonly #settled = new Promise<void>((resolve) => (this.#settle = resolve));
  readonly #ended = new Promise<Ending>((resolve) => (this.#end = resolve));
  readonly #gone: Promise<void>;

  constructor(folder: string) {
    this.#folder = folder;
    this.#gone = this.#follow();
  }

  /**
   * The process, as soon as it is known whether it runs, or ran; or why it did not start. Undefined where nothing can be
   * known: the keeper was killed before it began.
   */
  async process(): Promise<Supervised | NonNullable<Records["failed"]> | undefined> {
    await this.#settled;
    const { started, failed } = this.#records;
    if (failed !== undefined) return failed;
    if (started === undefined) return undefined;
    return {
      supervision: "keeper",
      pid: started.pid,
      identity: identityOf(started),
      isHeld: started.isHeld,
      ended: this.#ended,
      gone: this.#gone,
      signal: (signal) => this.#say(`signal ${constants.signals[signal]}`),
      stop: (graceMs, cause) => this.#say(`stop ${Math.ceil(graceMs)} ${cause}`),
    };
  }

  /** Ends whatever this keeper has, and resolves when it is gone. */
  async dispose(graceMs: number): Promise<void> {
    this.#say(`stop ${graceMs} stopped`);
    await this.#gone;
  }

  /** Follows the keeper no more; it goes on. Nothing resolves from then on. */
  detach(): void {
    this.#isDetached = true;
    this.#socket?.destroy();
  }

  #say(line: string): void {
    if (this.#socket === undefined) this.#unsaid.push(line);
    else this.#socket.write(`${line}\n`);
  }

  async #follow(): Promise<void> {
    while (!this.#isDetached) {
      const socket = await connectToKeeper(this.#folder).catch(() => "unknown" as const);
      if (socket === undefined) break;
      if (socket === "unknown") await sleep(PAUSE_MS);
      else await this.#listen(socket);
    }
    if (this.#isDetached) return new Promise(() => {});
    Object.assign(this.#records, await this.#readFiles());
    this.#settle();
    this.#end(this.#records.ended ?? LOST);
  }

  /** Resolves when the connection has ended. */
  #listen(socket: Socket): Promise<void> {
    if (this.#isDetached) socket.destroy();
    this.#socket = socket;
    this.#text = "";
    for (const line of this.#unsaid.splice(0)) this.#say(line);
    socket.setEncoding("utf8").on("data", (piece: string) => this.#hear(piece));
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
    const { started, failed, ended } = this.#records;
    if (started !== undefined || failed !== undefined) this.#settle();
    if (ended !== undefined) this.#end(ended);
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
