import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findByToken } from "../../src/process/identity.js";
import { type ExitOutcome, launch, type Launched, type LaunchRequest } from "../../src/process/launch.js";

/** The variable by which everything that a test started is found again. */
export const TOKEN_NAME = "SESSIOND_TEST_TOKEN";

/** A process under test. */
export interface Started extends Launched {
  readonly exited: Promise<ExitOutcome>;
  readonly stdoutPath: string;
  readonly stderrPath: string;
  readonly stdout: () => Promise<string>;
  readonly stderr: () => Promise<string>;
}

/** A folder and a token of a test's own, and the certainty that nothing of it is left behind. */
export class Workbench {
  readonly folder: string;
  readonly token = randomUUID();
  readonly env = { PATH: "/usr/local/bin:/usr/bin:/bin", [TOKEN_NAME]: this.token };
  #started = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Workbench> {
    return new Workbench(await mkdtemp(join(tmpdir(), "sessiond-process-")));
  }

  async start(argv: readonly string[], request: Partial<LaunchRequest> = {}): Promise<Started> {
    this.#started += 1;
    const stdoutPath = request.stdoutPath ?? join(this.folder, `${this.#started}.out`);
    const stderrPath = request.stderrPath ?? join(this.folder, `${this.#started}.err`);
    const { promise: exited, resolve } = withResolver<ExitOutcome>();
    const env = this.env;
    const given = { cwd: this.folder, env, onExit: resolve, ...request };
    const launched = await launch({ ...given, argv, stdoutPath, stderrPath });
    const read = (path: string) => (): Promise<string> => readFile(path, "utf8");
    return {
      ...launched,
      exited,
      stdoutPath,
      stderrPath,
      stdout: read(stdoutPath),
      stderr: read(stderrPath),
    };
  }

  /** Starts a script; `$1`, `$2`, … are `args`. */
  sh(script: string, ...args: string[]): Promise<Started> {
    return this.start(["sh", "-c", script, "sh", ...args]);
  }

  /** The pids of everything that still runs. */
  async running(): Promise<number[]> {
    return (await findByToken(TOKEN_NAME, new Set([this.token]))).get(this.token) ?? [];
  }

  /** Kills what is left and removes the folder. Throws when something was left: a test ends what it starts. */
  async close(): Promise<void> {
    const left = await this.running();
    for (const pid of left) kill(pid);
    await until(async () => (await this.running()).length === 0);
    await rm(this.folder, { recursive: true, force: true });
    if (left.length > 0) throw new Error(`processes left behind: ${left.join(", ")}`);
  }
}

/** Waits for a condition, at most ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAtMs) throw new Error(`waited too long for ${condition.toString()}`);
    await sleep(5);
  }
}

/** The name of the program that a process runs by now, or "" for none: right after a fork it is still its parent's. */
export function programOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
  } catch {
    return "";
  }
}

/** Reads a file that may not be there yet. */
export async function readIfThere(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
