import { loadConfig } from "../../src/config/load.js";
import { resolvePlaces } from "../../src/config/places.js";
import { type Daemon, openDaemon } from "../../src/daemon.js";
import type { Exit, Ready } from "./daemonProcess.js";
import type { Storage } from "./storage.js";

/**
 * A daemon in the process of the test, with a real socket, on real files or in memory: for tests that neither kill it nor
 * look at its process, because what runs in here is seen by the coverage.
 */
export class DaemonInProcess {
  readonly pid = process.pid;
  readonly startedMs = performance.now();
  readonly exited: Promise<Exit>;
  readonly #opening: Promise<Daemon>;
  #hasEnded = false;
  #said = "";

  constructor(config: object, storage: Storage) {
    this.#opening = open(config, storage, (error) => {
      this.#said = error.message;
    });
    this.exited = this.#opening
      .then(({ closed }) => closed)
      .then(
        () => this.#ended(0),
        (error: unknown) => {
          this.#said = String(error);
          return this.#ended(1);
        },
      );
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get said(): string {
    return this.#said;
  }

  async ready(): Promise<Ready> {
    const { supervisor } = await this.#opening;
    return { pid: this.pid, ...supervisor.recovery };
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === "SIGTERM") void this.#opening.then((daemon) => daemon.close()).catch(() => undefined);
    else if (signal !== "SIGCONT") throw new Error(`a daemon in the test's own process takes no ${signal}`);
  }

  /** Only what has ended in order can be killed here; for the real thing a test asks for a process. */
  async kill(): Promise<void> {
    if (!this.#hasEnded) this.signal("SIGTERM");
    await this.exited;
  }

  #ended(code: number): Exit {
    this.#hasEnded = true;
    return { code, signal: null };
  }
}

async function open(config: object, storage: Storage, onFatal: (error: Error) => void): Promise<Daemon> {
  const loaded = loadConfig({ document: config, env: {} });
  const { env, platform } = process;
  const places = resolvePlaces({
    config: loaded,
    env,
    platform,
    homedir: "/nonexistent",
    uid: process.getuid?.() ?? 0,
  });
  return openDaemon({ config: loaded, places, storage, onFatal });
}
