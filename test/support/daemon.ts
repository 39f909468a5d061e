import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, onTestFinished } from "vitest";

import type { Client, ConnectOptions } from "../../client/index.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { findByToken } from "../../src/process/identity.js";
import { type CheckedClient, connectChecked } from "./checkedClient.js";
import { DaemonInProcess } from "./daemonInProcess.js";
import { DaemonProcess, type Exit, type Ready } from "./daemonProcess.js";
import { Peer } from "./peer.js";
import { storage } from "./storage.js";
import { until, within } from "./until.js";

export interface TestDaemonOptions {
  readonly config?: Omit<ConfigInput, "dataDir" | "logDir" | "socket">;
  /** The environment of the daemon itself. */
  readonly env?: Readonly<Record<string, string>>;
  /** A command that becomes the daemon, see {@link DaemonProcess}. */
  readonly around?: readonly string[];
  /** Where its data lies, if not in the daemon's own folder; the socket is there all the same. */
  readonly dataDir?: string;
  /** In the process of the test, where coverage sees it: for tests that do not kill it. */
  readonly inProcess?: boolean;
}

/** A real daemon in a process and a folder of its own, and the certainty that nothing of it is left behind. */
export class TestDaemon {
  /** A folder for whatever the test needs, with the daemon's own in it. */
  readonly folder: string;
  readonly dataDir: string;
  readonly socket: string;
  readonly #options: TestDaemonOptions;
  readonly #processes: (DaemonProcess | DaemonInProcess)[] = [];
  readonly #clients: CheckedClient[] = [];
  readonly #peers: Peer[] = [];
  #current: DaemonProcess | DaemonInProcess | undefined;

  private constructor(folder: string, options: TestDaemonOptions) {
    this.folder = folder;
    this.dataDir = options.dataDir ?? join(folder, "data");
    this.socket = join(options.dataDir === undefined ? this.dataDir : folder, "sessiond.sock");
    this.#options = options;
  }

  /** Makes the folder; nothing runs yet. */
  static async prepare(options: TestDaemonOptions = {}): Promise<TestDaemon> {
    return new TestDaemon(await mkdtemp(join(tmpdir(), "sessiond-test-")), options);
  }

  /** Makes the folder and starts the daemon. */
  static async open(options: TestDaemonOptions = {}): Promise<TestDaemon> {
    const daemon = await TestDaemon.prepare(options);
    try {
      await daemon.start();
      return daemon;
    } catch (error) {
      await daemon.close().catch(() => undefined);
      throw error;
    }
  }

  /** The process that runs, or ran last. */
  get process(): DaemonProcess | DaemonInProcess {
    if (this.#current === undefined) throw new Error("the daemon was not started");
    return this.#current;
  }

  get logFile(): string {
    return join(this.dataDir, "log", "sessiond.log");
  }

  /** Starts the process on the folder, without waiting for it. */
  spawn(config: TestDaemonOptions["config"] = {}, env = this.#options.env): DaemonProcess | DaemonInProcess {
    // In memory there is only what is here: another process would keep files.
    const isHere = this.#options.inProcess === true || storage() === "memory";
    this.#current = isHere ? this.#openHere(config) : this.rival(config, env);
    return this.#current;
  }

  /** Starts one more process on the same folder: it ought to be refused. */
  rival(config: TestDaemonOptions["config"] = {}, env = this.#options.env): DaemonProcess {
    const process = new DaemonProcess(this.#settings(config), env, this.#options.around);
    this.#processes.push(process);
    return process;
  }

  #openHere(config: TestDaemonOptions["config"]): DaemonInProcess {
    const process = new DaemonInProcess(this.#settings(config), storage());
    this.#processes.push(process);
    return process;
  }

  #settings(config: TestDaemonOptions["config"]): object {
    const places = { dataDir: this.dataDir, socket: this.socket };
    return { ...this.#options.config, ...config, ...places };
  }

  /** Starts the daemon and waits until it answers. */
  start(config?: TestDaemonOptions["config"], env?: Readonly<Record<string, string>>): Promise<Ready> {
    return this.spawn(config, env).ready();
  }

  /** `kill -9`. */
  kill(): Promise<void> {
    return this.process.kill();
  }

  /** `kill -9`, and a new one. */
  async crash(config?: TestDaemonOptions["config"]): Promise<Ready> {
    await this.kill();
    return this.start(config);
  }

  /** SIGTERM; resolves when it has stopped in order. */
  stop(): Promise<Exit> {
    this.process.signal("SIGTERM");
    return within("the daemon to stop", this.process.exited);
  }

  /** Stops it in order, and starts it again. */
  async restart(config?: TestDaemonOptions["config"]): Promise<Ready> {
    const { code } = await this.stop();
    if (code !== 0) throw new Error(`the daemon ended with ${code}: ${this.process.said}`);
    return this.start(config);
  }

  async peer(): Promise<Peer> {
    const peer = await Peer.open(this.socket);
    this.#peers.push(peer);
    return peer;
  }

  async client(options?: ConnectOptions): Promise<Client> {
    return (await this.checkedClient(options)).client;
  }

  async checkedClient(options?: ConnectOptions): Promise<CheckedClient> {
    const checked = await connectChecked(this.socket, options);
    this.#clients.push(checked);
    return checked;
  }

  /** The lines of the daemon's log. */
  async log(): Promise<Record<string, unknown>[]> {
    const text = await readFile(this.logFile, "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Processes of this daemon's commands that still run. */
  async leftovers(): Promise<number[]> {
    return (await findByToken("SESSIOND_SOCKET", new Set([this.socket]))).get(this.socket) ?? [];
  }

  /**
   * Stops and removes everything.
   *
   * @throws when a daemon that was stopped in order left processes behind, or when something on a wire was not as
   * the protocol says.
   */
  async close(): Promise<void> {
    const faults: string[] = [];
    for (const { client, faults: wire } of this.#clients) {
      await client.close();
      faults.push(...wire);
    }
    for (const peer of this.#peers) {
      peer.close();
      faults.push(...peer.check.faults);
    }
    faults.push(...(await this.#stopAll()));
    // A keeper whose command was killed just now still writes that down.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
    if (faults.length > 0) throw new Error(faults.slice(0, 10).join("\n"));
  }

  /** Stops the daemon in order where it runs, and everything else however it can. Answers what was wrong. */
  async #stopAll(): Promise<string[]> {
    const faults: string[] = [];
    const isRunning = this.#current !== undefined && !this.#current.hasEnded;
    if (isRunning) {
      this.process.signal("SIGCONT");
      const exit = await this.stop().catch((error: unknown) => error as Error);
      if (exit instanceof Error) faults.push(exit.message);
      else if (exit.code !== 0) faults.push(`the daemon ended with ${exit.code}: ${this.process.said}`);
    }
    for (const process of this.#processes) await process.kill();
    const left = await this.leftovers();
    if (isRunning && left.length > 0) faults.push(`processes were left behind: ${left.join(", ")}`);
    for (const pid of left) kill(pid);
    await until("the last processes to end", async () => (await this.leftovers()).length === 0);
    return faults;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

/**
 * A daemon for one test.
 *
 * @param whenFinished the test's own `onTestFinished`; tests that run side by side have to hand it over.
 */
export async function daemonForTest(
  options?: TestDaemonOptions,
  whenFinished: typeof onTestFinished = onTestFinished,
): Promise<TestDaemon> {
  const daemon = await TestDaemon.prepare(options);
  whenFinished(() => daemon.close());
  await daemon.start();
  return daemon;
}

/** One daemon for all tests of a suite; the getter works inside of them. */
export function daemonForSuite(options?: TestDaemonOptions): () => TestDaemon {
  let daemon: TestDaemon | undefined;
  beforeAll(async () => {
    daemon = await TestDaemon.open(options);
  });
  afterAll(() => daemon?.close());
  return () => {
    if (daemon === undefined) throw new Error("the daemon was not started");
    return daemon;
  };
}
