import { join } from "node:path";

import { inLanes } from "../lanes.js";
import { startChild } from "../process/child.js";
import { listFolders, removeCommandFolder } from "../process/keeper/folders.js";
import { keepInputs, readInputs } from "../process/keeper/inputs.js";
import { type IntentInputs, readIntent } from "../process/keeper/intent.js";
import { Keepers, NoKeeperError } from "../process/keeper/keepers.js";
import type { KeeperPrograms } from "../process/keeper/program.js";
import type { StartRequest, Supervised } from "../process/supervised.js";
import type { Execution } from "../session/state.js";
import type { SupervisorLog } from "./options.js";

interface LauncherParts {
  /** What commands are kept by; nothing where none is wanted: what an earlier one has is found all the same. */
  readonly keeper?: KeeperPrograms | undefined;
  /** Where running commands have their folders; none where this is left out, and no keepers. */
  readonly runningDir?: string | undefined;
  readonly log: Pick<SupervisorLog, "warn">;
}

/** Which command, and which of its tries. */
export interface Try {
  readonly token: string;
  readonly attempt: number;
}

/** What an earlier daemon left of a command that is not over. */
export interface Found extends Try {
  /**
   * `process`: it runs, or has ended; `intent`: it never began; `pause`: the next try is still to come; `lost`: nothing is
   * known of it, and it may be tried again.
   */
  readonly state: "process" | "intent" | "pause" | "lost";
  readonly inputs: IntentInputs;
}

/** The number of a try that there is not: its folder has what all tries of a command need. */
const INPUTS = 0;

/** How many folders are looked at at a time. */
const LANES = 8;

/**
 * Starts the processes of commands: by keepers, so that they outlive the daemon, or as its children where there is no
 * keeper. Each try has a folder by the command's token; that of the last one stays until the command is over, because it
 * holds what a further try needs and the journal does not: environment and input.
 */
export class Launcher {
  readonly #parts: LauncherParts;
  readonly #keepers: Keepers;
  readonly #runningDir: string;
  /** The tries of each token that have a folder. */
  readonly #tries = new Map<string, Set<number>>();
  #hasWarned = false;

  constructor(parts: LauncherParts) {
    this.#parts = parts;
    this.#runningDir = parts.runningDir ?? "";
    const { program, shell } = this.#runningDir === "" ? {} : (parts.keeper ?? {});
    this.#keepers = new Keepers(program, shell);
  }

  /** What stands between the daemon and the commands that it starts. */
  get supervision(): Supervised["supervision"] {
    return this.#keepers.supervision ?? "child";
  }

  /**
   * Keeps what the tries of a command need that is to be tried again where it is lost, until it is forgotten. Where that
   * cannot be written, it will not be tried again.
   */
  async keepInputs(token: string, inputs: IntentInputs): Promise<void> {
    if (this.#runningDir === "") return;
    this.#note({ token, attempt: INPUTS });
    await keepInputs(this.#folder({ token, attempt: INPUTS }), inputs).catch((err: unknown) => {
      this.#parts.log.warn(
        { err },
        "What a command needs to be tried again, should it be lost, cannot be kept",
      );
    });
  }

  /** Starts a try. Throws as `Keepers.start` and `startChild`, but no NoKeeperError: then it is a child. */
  async start(one: Try, request: StartRequest): Promise<Supervised> {
    if (this.#keepers.supervision === undefined) return startChild(request);
    this.#note(one);
    const process = await this.#orChild(request, this.#keepers.start(this.#folder(one), request));
    // The new folder has what a further try needs now. In the background: nobody waits for that.
    for (const attempt of this.#tries.get(one.token) ?? [])
      if (process.supervision !== "child" && attempt !== INPUTS && attempt < one.attempt)
        void this.#remove({ ...one, attempt });
    return process;
  }

  /** The process of a try that an earlier daemon started, or was about to start. Throws as `start`. */
  async resume(found: Found, request: StartRequest): Promise<Supervised> {
    const folder = this.#folder(found);
    this.#note(found);
    if (found.state === "process") return this.#keepers.adopt(folder, request);
    return this.#orChild(request, this.#keepers.begin(folder, request));
  }

  /** What is left of a command that is not over; undefined where it is lost. */
  async find(execution: Execution): Promise<Found | undefined> {
    if (this.#runningDir === "") return undefined;
    const { token, status } = execution;
    const attempt = status === "running" ? execution.attempt : execution.attempt + 1;
    const folder = this.#folder({ token, attempt });
    if (execution.retry.onLost === "retry") this.#note({ token, attempt: INPUTS });
    const state = await this.#keepers.look(folder);
    if (state === "lost") return this.#lost(execution, attempt);
    if (state === "nothing")
      return (
        (status === "backing_off" ? await this.#pause(execution) : undefined) ??
        this.#lost(execution, attempt)
      );
    const inputs = (await readIntent(folder)) ?? { env: {}, stdin: undefined };
    return { token, attempt, state: state === "unclaimed" ? "intent" : "process", inputs };
  }

  /** Ends what runs in folders of nobody whom `isKnown`, and removes them; resolves when that is done. */
  async sweep(isKnown: (token: string) => boolean, graceMs: number): Promise<void> {
    const names = this.#runningDir === "" ? [] : await listFolders(this.#runningDir);
    const strange = names.filter((name) => !isKnown(name.slice(0, name.lastIndexOf("~"))));
    await inLanes(strange, LANES, async (name) => {
      await this.#keepers.dispose(join(this.#runningDir, name), graceMs);
      await this.#removeNamed(name);
    });
  }

  /** Ends what the last try left behind; resolves when it is gone. */
  async clear(one: Try, graceMs: number): Promise<void> {
    await this.#keepers.dispose(this.#folder(one), graceMs);
  }

  /** The command is over, and nothing of it is left: its folders go. Never rejects. */
  async forget(token: string): Promise<void> {
    for (const attempt of this.#tries.get(token) ?? []) await this.#remove({ token, attempt });
  }

  /** Lets go of what outlives the daemon. */
  close(): void {
    this.#keepers.close();
  }

  /** What a keeper starts, or a child where there is none. */
  async #orChild(request: StartRequest, kept: Promise<Supervised>): Promise<Supervised> {
    try {
      return await kept;
    } catch (error) {
      if (!(error instanceof NoKeeperError)) throw error;
      this.#warn(error);
      return startChild(request);
    }
  }

  async #pause({ token, attempt }: Execution): Promise<Found | undefined> {
    const inputs = await readIntent(this.#folder({ token, attempt }));
    if (inputs !== undefined) this.#note({ token, attempt });
    return inputs && { token, attempt, state: "pause", inputs };
  }

  /** What a further try of a command needs that is lost; undefined where there is none to be. */
  async #lost({ token, retry }: Execution, attempt: number): Promise<Found | undefined> {
    if (retry.onLost !== "retry") return undefined;
    const inputs = await readInputs(this.#folder({ token, attempt: INPUTS }));
    if (inputs === undefined) return undefined;
    this.#note({ token, attempt });
    return { token, attempt, state: "lost", inputs };
  }

  #folder({ token, attempt }: Try): string {
    return join(this.#runningDir, nameOf({ token, attempt }));
  }

  #note({ token, attempt }: Try): void {
    this.#tries.set(token, (this.#tries.get(token) ?? new Set()).add(attempt));
  }

  async #remove(one: Try): Promise<void> {
    const tries = this.#tries.get(one.token);
    tries?.delete(one.attempt);
    if (tries?.size === 0) this.#tries.delete(one.token);
    await this.#removeNamed(nameOf(one));
  }

  async #removeNamed(name: string): Promise<void> {
    // What stays is removed by the next start.
    await removeCommandFolder(this.#runningDir, name).catch((err: unknown) => {
      this.#parts.log.warn({ err }, "The folder of a command cannot be removed");
    });
  }

  #warn(err: NoKeeperError): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const message = "A command has no keeper, and ends with the daemon; told once";
    this.#parts.log.warn({ err, event: "command.unkept" }, message);
  }
}

function nameOf({ token, attempt }: Try): string {
  return `${token}~${attempt}`;
}
