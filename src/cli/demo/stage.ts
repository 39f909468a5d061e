import { rmSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Client, Result } from "../../../client/index.js";
import { connect } from "../../../client/index.js";
import { until } from "../alive.js";
import type { DaemonChild } from "../daemonChild.js";
import { startChild, untilAnswers } from "../daemonChild.js";

/** A daemon that has just answered for the first time. */
export interface Started {
  readonly status: Result<"daemon/status">;
  /** From the start of its process to its first answer. */
  readonly answeredAfterMs: number;
}

const ANSWER_WITHIN_MS = 10_000;
const END_WITHIN_MS = 5_000;

/**
 * Where the demo plays: a folder, a daemon of its own in it, and clients. Everything that is made here is taken
 * down by `close`, and by the end of the process at the latest.
 */
export class Stage {
  readonly folder: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly #keep: boolean;
  readonly #clients: Client[] = [];
  #child: DaemonChild | undefined;
  #isClosed = false;

  /** @param keep leaves the folder where it is. */
  static async open(keep: boolean): Promise<Stage> {
    return new Stage(await mkdtemp(join(tmpdir(), "sessiond-demo-")), keep);
  }

  private constructor(folder: string, keep: boolean) {
    this.folder = folder;
    this.dataDir = join(folder, "data");
    this.socket = join(folder, "d.sock");
    this.#keep = keep;
    process.on("exit", this.#atExit);
  }

  /** Starts the daemon, as `sessiond start` does. */
  async start(): Promise<Started> {
    if (this.#isClosed) throw new Error("The demo is over.");
    const configFile = join(this.folder, "config.json");
    // A file of its own, so that what somebody configured for their real daemon changes nothing here.
    writeFileSync(configFile, "{}\n", { mode: 0o600 });
    const startedMs = performance.now();
    this.#child = startChild({
      flags: [`--data-dir=${this.dataDir}`, `--socket=${this.socket}`, `--config=${configFile}`],
      env: withoutOwnVariables(process.env),
      outputFile: join(this.folder, "daemon.out"),
      detached: false,
    });
    const status = await untilAnswers(this.#child, this.socket, ANSWER_WITHIN_MS);
    // Everything that is told afterwards is about the daemon that was started here and now.
    if (status.pid !== this.#child.pid)
      throw new Error(`A daemon with pid ${status.pid} answers on ${this.socket}.`);
    return { status, answeredAfterMs: performance.now() - startedMs };
  }

  /** A connection to the daemon, which comes back by itself when the daemon does. */
  async connect(): Promise<Client> {
    const client = await connect({ socket: this.socket, name: "sessiond demo" });
    this.#clients.push(client);
    return client;
  }

  /** Ends the daemon without giving it a chance, and waits until its process has ended. */
  async kill(): Promise<void> {
    this.#signal("SIGKILL");
    await this.#ended(END_WITHIN_MS);
  }

  /** Takes everything down: connections, the daemon, and the folder. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#clients.map((client) => client.close()));
    // With all that it runs: its folder goes too.
    this.#signal("SIGINT");
    if (!(await this.#ended(END_WITHIN_MS))) await this.kill();
    if (!this.#keep) await rm(this.folder, { recursive: true, force: true });
    process.off("exit", this.#atExit);
  }

  async #ended(withinMs: number): Promise<boolean> {
    return until(() => this.#child === undefined || this.#child.end() !== undefined, withinMs);
  }

  /** Only to a process that is known to be ours still: once it has ended, its number may be anybody's. */
  #signal(signal: NodeJS.Signals): void {
    if (this.#child === undefined || this.#child.pid === 0 || this.#child.end() !== undefined) return;
    try {
      process.kill(this.#child.pid, signal);
    } catch {
      // It has just ended by itself.
    }
  }

  readonly #atExit = (): void => {
    this.#signal("SIGKILL");
    if (!this.#keep) rmSync(this.folder, { recursive: true, force: true });
  };
}

function withoutOwnVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("SESSIOND_")));
}
