import { randomInt } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

import { connectToKeeper } from "../../../src/process/keeper/keeperSocket.js";
import { Keepers } from "../../../src/process/keeper/keepers.js";
import { type KeeperPrograms, keeperProgram, shellTools } from "../../../src/process/keeper/program.js";
import type { StartRequest, Supervised } from "../../../src/process/supervised.js";
import { until } from "../../support/until.js";

/** Where the keeper was compiled to; undefined without a compiler. */
export const PROGRAM = keeperProgram();
/** What a keeper that is a script works by; undefined where there is none. */
export const SHELL = shellTools();

/** A folder, keepers and a number of a test's own, and the certainty that nothing of it is left behind. */
export class KeeperBench {
  readonly folder: string;
  /** Stands in the arguments of all that is started, so that it is found whatever environment it has. */
  readonly mark = String(randomInt(100_000_000, 1_000_000_000));
  readonly #programs: KeeperPrograms;
  #keepers: Keepers;
  #count = 0;

  private constructor(folder: string, programs: KeeperPrograms) {
    this.folder = folder;
    this.#programs = programs;
    this.#keepers = new Keepers(programs.program, programs.shell);
  }

  static async open(programs: KeeperPrograms = { program: PROGRAM ?? "" }): Promise<KeeperBench> {
    // Longer than the path of a socket may be.
    const folder = await mkdtemp(join(tmpdir(), `sessiond-keeper-${"x".repeat(100)}-`));
    const bench = new KeeperBench(folder, programs);
    onTestFinished(() => bench.#close());
    return bench;
  }

  /** How many commands were started; their output lies in `<count>.out` and `.err`. */
  get count(): number {
    return this.#count;
  }

  get keepers(): Keepers {
    return this.#keepers;
  }

  /** The folder of a command that is still to be started. */
  next(): string {
    this.#count += 1;
    return join(this.folder, `c${this.#count}`);
  }

  request(argv: readonly string[], more: Partial<StartRequest> = {}): StartRequest {
    const stdoutPath = join(this.folder, `${this.#count}.out`);
    const stderrPath = join(this.folder, `${this.#count}.err`);
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin" };
    return {
      argv,
      cwd: this.folder,
      env,
      stdoutPath,
      stderrPath,
      closeMs: 0,
      closeAtMs: 0,
      graceMs: 200,
      ...more,
    };
  }

  async start(
    argv: readonly string[],
    more?: Partial<StartRequest>,
  ): Promise<Supervised & { folder: string }> {
    const folder = this.next();
    return { ...(await this.keepers.start(folder, this.request(argv, more))), folder };
  }

  /** Starts a script in which `$0` is the mark, and waits for its `lines`th line. */
  async sh(
    script: string,
    more?: Partial<StartRequest>,
    lines = 0,
  ): Promise<Supervised & { folder: string }> {
    const process = await this.start(["sh", "-c", script, this.mark], more);
    const path = join(this.folder, `${process.folder.slice(this.folder.length + 2)}.out`);
    await until("the script", async () => (await readFile(path, "utf8")).split("\n").length > lines);
    return process;
  }

  /** What the latest command has written. */
  stdout(): Promise<string> {
    return readFile(join(this.folder, `${this.#count}.out`), "utf8");
  }

  /** As when the daemon ends, and another one begins. */
  forget(): void {
    this.#keepers.close();
    this.#keepers = new Keepers(this.#programs.program, this.#programs.shell);
  }

  async adopt(folder: string): Promise<Supervised> {
    return this.keepers.adopt(folder, this.request(["-"]));
  }

  /** The pids of all that carries the mark. */
  running(): Promise<number[]> {
    return pidsWith(this.mark);
  }

  async #close(): Promise<void> {
    const left = await this.running();
    for (const pid of left) kill(pid);
    await until("the end of what is left", async () => (await this.running()).length === 0);
    // A keeper that is still there works in this folder.
    await until("the end of the keepers", async () => !(await hasKeeper(this.folder)));
    this.#keepers.close();
    await rm(this.folder, { recursive: true });
    if (left.length > 0) throw new Error(`processes left behind: ${left.join(", ")}`);
  }
}

/** The pids of all processes that have a text in their arguments. */
export async function pidsWith(text: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(text)),
  );
  return pids.filter((_, index) => found[index]).map(Number);
}

/** `kill -9`. */
export function kill(pid: number | undefined): void {
  // 0 and what is below mean groups, our own among them.
  if (pid === undefined || !(pid > 1)) throw new Error(`${pid} is not the pid of one process`);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

async function hasKeeper(folder: string): Promise<boolean> {
  const names = (await readdir(folder)).filter((name) => /^c\d+$/.test(name));
  const connections = await Promise.all(names.map((name) => connectToKeeper(join(folder, name))));
  for (const connection of connections) connection?.socket.destroy();
  return connections.some((connection) => connection !== undefined);
}
