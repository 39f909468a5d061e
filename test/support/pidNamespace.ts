import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { onTestFinished } from "vitest";

import { type ProcessIdentity, readIdentity } from "../../src/process/identity.js";

/** Whoever is not root becomes it in a namespace of users. */
const USERS = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
const UNSHARE = [...USERS, "--pid", "--fork", "--mount-proc", "--kill-child"];
const NEXT_PID = "/proc/sys/kernel/ns_last_pid";

/** Whether this machine lets us have pids of our own, and say which one comes next. */
export function hasPidNamespaces(): boolean {
  const argv = [
    ...UNSHARE,
    "sh",
    "-c",
    `echo 500 >${NEXT_PID}; nsenter --version >&2; sleep 0 & echo $!; wait`,
  ];
  const { stdout } = spawnSync("unshare", argv, { encoding: "utf8", timeout: 10_000 });
  return (stdout ?? "").trim().startsWith("50");
}

/**
 * A namespace of pids and mounts, in which the next pid is whatever a test wants. From outside all of its processes are
 * there under other pids; they end with the test.
 */
export class PidNamespace {
  readonly #init: number;

  private constructor(init: number) {
    this.#init = init;
  }

  static async open(): Promise<PidNamespace> {
    // It collects whatever ends as an orphan in here, and starts nothing: that would take a pid.
    const holder = spawn(
      "unshare",
      [...UNSHARE, "sh", "-c", "echo up; exec env --ignore-signal=CHLD sleep 10000"],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
    onTestFinished(async () => {
      const ended = once(holder, "exit");
      if (holder.kill("SIGKILL")) await ended;
    });
    await once(holder.stdout, "data");
    const children = await readFile(`/proc/${holder.pid}/task/${holder.pid}/children`, "utf8");
    return new PidNamespace(Number(children.trim().split(" ")[0]));
  }

  /** What a command has to begin with so that it runs in here. */
  get enter(): string[] {
    const users = USERS.length === 0 ? [] : ["--user", "--preserve-credentials"];
    return ["nsenter", "--target", String(this.#init), ...users, "--pid", "--mount"];
  }

  /** What the process with a pid of in here is outside; undefined where there is none. */
  async outside(pid: number): Promise<ProcessIdentity | undefined> {
    const space = readlinkSync(`/proc/${this.#init}/ns/pid`);
    for (const name of await readdir("/proc")) {
      if (!/^\d+$/.test(name)) continue;
      try {
        const own = /^NSpid:.*\s(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
        if (Number(own) === pid && readlinkSync(`/proc/${name}/ns/pid`) === space)
          return readIdentity(Number(name));
      } catch {
        // It ended just now.
      }
    }
    return undefined;
  }

  /** `kill -9` of a process in here; resolves when nothing has its pid any more. */
  async kill(pid: number): Promise<void> {
    const outside = await this.outside(pid);
    if (outside === undefined) throw new Error(`there is no process ${pid} in the namespace`);
    process.kill(outside.pid, "SIGKILL");
    while ((await this.outside(pid)) !== undefined) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Starts a process that has this very pid in here, and leads a session; answers what it is outside. */
  async bystander(pid: number): Promise<ProcessIdentity> {
    // The one that follows is for the subshell, which becomes the sleeper; the pids behind it may be wanted as well.
    const script = `echo ${pid - 1} >${NEXT_PID}; setsid sleep 1000 >/dev/null 2>&1 & echo $!; echo ${pid + 1_000} >${NEXT_PID}`;
    const args = [...this.enter.slice(1), "sh", "-c", script];
    const { stdout, stderr } = spawnSync("nsenter", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 10_000,
    });
    if (Number(stdout) !== pid) throw new Error(`the bystander is ${stdout.trim()}, not ${pid}: ${stderr}`);
    const outside = await this.outside(pid);
    if (outside === undefined) throw new Error("the bystander is gone");
    return outside;
  }
}
