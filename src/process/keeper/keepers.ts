import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getSystemErrorMap } from "node:util";

import { checkRequest } from "../launch.js";
import { explainFailedStart, explainOutput, type LaunchError } from "../launchError.js";
import type { StartRequest, Supervised } from "../supervised.js";
import { readIntent, writeIntent } from "./intent.js";
import { connectToKeeper } from "./keeperSocket.js";
import { Kept } from "./kept.js";
import type { ShellTools } from "./program.js";
import { claimant, readRecords, type Records } from "./records.js";
import { spawnShellKeeper } from "./shell.js";
import { KeeperSpawner, SpawnError } from "./spawner.js";

/** How often a spawn server is started anew for one command, before it goes without a keeper. */
const TRIES = 3;

/** No keeper has the command, and none will: nothing of it was begun. */
export class NoKeeperError extends Error {
  override readonly name = "NoKeeperError";
}

/** A command whose keeper was killed before it had begun, as far as one can know. */
export class LostStartError extends Error {
  override readonly name = "LostStartError";

  constructor() {
    super("The keeper of this command was killed while it started.");
  }
}

/** What a failed start is explained by. */
type Asked = Pick<StartRequest, "argv" | "cwd" | "env" | "stdoutPath" | "stderrPath" | "graceMs">;

/** Starts processes that outlive the daemon, and finds those that an earlier one has started. */
export class Keepers {
  readonly #spawner: KeeperSpawner | undefined;
  readonly #shell: ShellTools | undefined;
  readonly #kept = new Set<Kept>();

  /**
   * @param program the path of the keeper
   * @param shell what a keeper that is a script works by, which is started where the other one cannot be; without both
   * nothing is started, and what is there already is found
   */
  constructor(program: string | undefined, shell?: ShellTools) {
    this.#spawner = program === undefined ? undefined : new KeeperSpawner(program);
    this.#shell = shell;
  }

  /** What is started first; undefined where nothing is. */
  get supervision(): "keeper" | "sh" | undefined {
    if (this.#spawner !== undefined) return "keeper";
    return this.#shell === undefined ? undefined : "sh";
  }

  /** The pid of the spawn server, while there is one. */
  get spawnerPid(): number | undefined {
    return this.#spawner?.pid;
  }

  /**
   * Starts a process by a keeper in a folder that is made for it.
   *
   * @throws LaunchError where it could not be started, LostStartError where that is not known, NoKeeperError where it may
   * be started without a keeper
   */
  async start(folder: string, request: StartRequest): Promise<Supervised> {
    if (this.supervision === undefined) throw new NoKeeperError("there are no keepers");
    checkRequest(request);
    await writeIntent(folder, request).catch((cause: unknown) => {
      throw new NoKeeperError("its intent could not be written", { cause });
    });
    return this.begin(folder, request);
  }

  /** Starts what an intent asks for that is there already. Throws as `start` does. */
  async begin(folder: string, request: StartRequest): Promise<Supervised> {
    await this.#spawn(folder, request);
    return this.adopt(folder, request);
  }

  /** The process of a folder that was claimed, whether it runs or has ended. Throws as `start` does. */
  async adopt(folder: string, request: Asked): Promise<Supervised> {
    const kept = this.#follow(folder);
    const process = await kept.process(request.graceMs);
    if (process === undefined) throw new LostStartError();
    if ("pid" in process) {
      void process.gone.then(() => this.#kept.delete(kept));
      return process;
    }
    this.#kept.delete(kept);
    throw await explained(request, process);
  }

  /**
   * What there is in a folder: `process`: a keeper, or the outcome of one; `unclaimed`: nobody has begun what its intent
   * asks for; `lost`: its keeper was killed; `nothing`: no intent that may be carried out.
   */
  async look(folder: string): Promise<"process" | "unclaimed" | "lost" | "nothing"> {
    const connection = await connectToKeeper(folder);
    connection?.socket.destroy();
    if (connection !== undefined) return "process";
    // After the look for the keeper, which writes before it goes.
    const { failed, ended } = await readRecords(folder);
    if (failed !== undefined || ended !== undefined) return "process";
    if ((await claimant(folder)) !== undefined) return "lost";
    return (await readIntent(folder)) === undefined ? "nothing" : "unclaimed";
  }

  /** Ends what the keeper of a folder has, of which nobody knows any more; resolves when there is no keeper. */
  async dispose(folder: string, graceMs: number): Promise<void> {
    const kept = this.#follow(folder);
    await kept.dispose(graceMs);
    this.#kept.delete(kept);
  }

  /** Lets go of all keepers, and of what they keep: it goes on. */
  close(): void {
    for (const kept of this.#kept) kept.detach();
    this.#kept.clear();
    this.#spawner?.close();
  }

  #follow(folder: string): Kept {
    const kept = new Kept(folder);
    this.#kept.add(kept);
    return kept;
  }

  /** Resolves when a keeper has the command. */
  async #spawn(folder: string, request: StartRequest): Promise<void> {
    let cause: unknown;
    for (let tries = 0; tries < TRIES && this.#spawner !== undefined; tries += 1) {
      try {
        await this.#spawner.spawn(folder);
        return;
      } catch (error) {
        cause = error;
        if (error instanceof SpawnError && error.code === "EEXIST") return;
        // It may have died before or after it forked a keeper; the claim decides between that one and the next.
        if (!(error instanceof SpawnError) || error.code !== "GONE") break;
      }
    }
    try {
      if (this.#shell !== undefined) return await spawnShellKeeper(folder, request, this.#shell);
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      if (error.code === "EEXIST") return;
      cause = error;
    }
    // The last one may have left a keeper that is about to claim the command: whoever is first has it.
    if (await isTakenBack(folder)) throw new NoKeeperError("there is no keeper for it", { cause });
  }
}

/** Claims a command for the daemon, so that no keeper will have it; false where one has it. */
async function isTakenBack(folder: string): Promise<boolean> {
  try {
    await writeFile(join(folder, "claim"), "claimed by the daemon\n", { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    // On a disk that is full the file is there, and empty: that keeps a keeper from it as well.
    return (error as NodeJS.ErrnoException).code !== "EEXIST";
  }
}

/** The error of a start that a keeper tells of. */
function explained(request: Asked, { stage, errno }: NonNullable<Records["failed"]>): Promise<LaunchError> {
  const [code = "UNKNOWN", text = "unknown error"] = getSystemErrorMap().get(-errno) ?? [];
  const cause = Object.assign(new Error(`${code}: ${text}`), { code });
  const path = { o: request.stdoutPath, e: request.stderrPath }[stage];
  if (path !== undefined) return Promise.resolve(explainOutput(request.argv[0] ?? "", path, cause));
  return explainFailedStart(request, cause);
}
