import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { ownProgram } from "../../client/ownPackage.js";
import { findByToken } from "../../src/process/identity.js";
import { until, within } from "../support/until.js";

/** The very file that is installed, bundled. */
const PROGRAM = ownProgram();

/** Where the command line is not the one that was built here, or not for the Node that runs the test. */
export interface ShellOptions {
  /** The program with what comes before the verb. */
  readonly program?: readonly [string, ...string[]];
  /** Variables beside those of the shell, or instead of them. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How one call of the command line ended, and what it printed. */
export interface Ran {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  /** The same, byte for byte. */
  readonly outBytes: Buffer;
  readonly err: string;
}

/** One call that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it has printed on standard output so far. */
  readonly soFar: () => string;
  readonly ended: Promise<Ran>;
}

/**
 * The command line as somebody uses it who has a home, a data folder and a daemon of their own, all in a temporary
 * folder. `close` stops what is left.
 */
export class Shell {
  readonly folder: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly env: Record<string, string>;
  readonly #program: readonly [string, ...string[]];
  readonly #running = new Set<ChildProcess>();

  static async open(options: ShellOptions = {}): Promise<Shell> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: build it first, with npm run build`);
    const shell = new Shell(await mkdtemp(join(tmpdir(), "sessiond-cli-")), options);
    await mkdir(join(shell.folder, "home"));
    await mkdir(join(shell.folder, "tmp"));
    return shell;
  }

  private constructor(folder: string, { program = [process.execPath, PROGRAM], env = {} }: ShellOptions) {
    this.folder = folder;
    this.#program = program;
    this.dataDir = join(folder, "data");
    this.socket = join(this.dataDir, "sessiond.sock");
    this.env = {
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      HOME: join(folder, "home"),
      TMPDIR: join(folder, "tmp"),
      SESSIOND_DATA_DIR: this.dataDir,
      ...env,
    };
  }

  /** Starts a call and leaves it running. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const [program, ...before] = this.#program;
    const child = spawn(program, [...before, ...args], {
      cwd: this.folder,
      env: { ...this.env, ...env },
    });
    this.#running.add(child);
    const pieces: Buffer[] = [];
    const err = text(child.stderr);
    child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
    const ended = new Promise<Ran>((resolve) => {
      child.once("close", (exitCode, signal) => {
        this.#running.delete(child);
        const outBytes = Buffer.concat(pieces);
        void err.then((said) => resolve({ exitCode, signal, out: outBytes.toString(), outBytes, err: said }));
      });
    });
    return { child, pid: child.pid ?? 0, soFar: () => Buffer.concat(pieces).toString(), ended };
  }

  /** Makes a call and waits for its end. */
  run(...args: readonly string[]): Promise<Ran> {
    return this.runWith({}, ...args);
  }

  /** The same with more variables, or with something on standard input. */
  async runWith(
    { env = {}, stdin = "" }: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string },
    ...args: readonly string[]
  ): Promise<Ran> {
    const running = this.start(args, env);
    running.child.stdin?.end(stdin);
    return within(`sessiond ${args.join(" ")}`, running.ended);
  }

  /** The result of a call with `--json`. */
  async json<T>(...args: readonly string[]): Promise<T> {
    const { exitCode, out, err } = await this.run("--json", ...args);
    if (exitCode !== 0) throw new Error(`sessiond ${args.join(" ")} ended with ${exitCode}: ${err}`);
    return JSON.parse(out) as T;
  }

  /** Stops whatever was started here, and removes the folder. */
  async close(): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    await this.run("stop");
    // A daemon that was still starting is not stopped by that. Its environment proves that it is ours.
    const left = await findByToken("SESSIOND_DATA_DIR", new Set([this.dataDir]));
    for (const pid of left.get(this.dataDir) ?? []) killIfThere(pid);
    await until("the last processes to end", async () => {
      return (await findByToken("SESSIOND_DATA_DIR", new Set([this.dataDir]))).size === 0;
    });
    await rm(this.folder, { recursive: true, force: true });
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}
