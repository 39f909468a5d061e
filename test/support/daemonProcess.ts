import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { within } from "./until.js";

const ENTRY = fileURLToPath(new URL("daemonProcess.mjs", import.meta.url));

/** What the process says when it is ready. */
export interface Ready {
  readonly pid: number;
  readonly records: number;
  readonly adoptedCommands: number;
  readonly lostCommands: number;
  readonly durationMs: number;
}

/** The daemon did not start; `said` is what it wrote to standard error. */
export class StartRefusedError extends Error {
  override readonly name = "StartRefusedError";
  readonly exitCode: number | null;
  readonly said: string;

  constructor(exitCode: number | null, said: string) {
    super(`the daemon did not start (exit code ${exitCode}): ${said}`);
    this.exitCode = exitCode;
    this.said = said;
  }
}

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One process of a daemon, from its start to its end. */
export class DaemonProcess {
  readonly pid: number;
  /** When it was started, by the monotonic clock. */
  readonly startedMs = performance.now();
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ready: Promise<Ready>;
  #said = "";
  #hasEnded = false;

  /**
   * Starts it; `env` is all that it finds in its environment beside PATH. `around` is a command that becomes the one
   * which is appended to it (by `exec`, so that the pid is the daemon's), such as a shell that sets limits before.
   */
  constructor(config: object, env: Readonly<Record<string, string>> = {}, around: readonly string[] = []) {
    const [program, ...args] = [...around, process.execPath, ENTRY, JSON.stringify(config)];
    this.#child = spawn(program, args, { env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...env } });
    this.pid = this.#child.pid ?? 0;
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-20_000);
    });
    this.exited = new Promise((resolve) => {
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
      this.#child.once("exit", () => (this.#hasEnded = true));
    });
    const ready = this.#readReady();
    // Nobody has to wait for a start that is about to be killed.
    ready.catch(() => undefined);
    this.#ready = ready;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What it wrote to standard error. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it answers. @throws {StartRefusedError} when it ends before */
  ready(): Promise<Ready> {
    return within("the daemon to start", this.#ready, 30_000);
  }

  /** Sends a signal, to this very process: it is our child, so its pid is its own until we know of its end. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasEnded) this.#child.kill(signal);
  }

  /** SIGKILL, also where it is stopped. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited;
  }

  async #readReady(): Promise<Ready> {
    let line = "";
    for await (const chunk of this.#child.stdout.setEncoding("utf8")) {
      line += chunk as string;
      if (line.includes("\n")) return JSON.parse(line) as Ready;
    }
    const { code } = await this.exited;
    throw new StartRefusedError(code, this.#said.trim());
  }
}
