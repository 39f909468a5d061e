import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { ownProgram } from "../../../client/ownPackage.js";
import type { CommandShape, Result } from "../../../client/index.js";
import { describeIf, hasProgram } from "../../support/requires.js";
import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

interface Once {
  readonly total: number;
  readonly sessions: readonly { readonly name?: string; readonly state: string; readonly program?: string }[];
}

async function busySession(name: string): Promise<{ sessionId: string; commandId: string }> {
  const params = JSON.stringify({ name });
  const { sessionId } = await shell.json<Result<"session/create">>("call", "session/create", params);
  const start = JSON.stringify({ sessionId, argv: ["sleep", "600"] });
  const { commandId } = await shell.json<CommandShape>("call", "command/start", start);
  await until("the command to run", async () => {
    const get = ["call", "command/get", JSON.stringify({ commandId })] as const;
    return (await shell.json<CommandShape>(...get)).status === "running";
  });
  return { sessionId, commandId };
}

describe("top without a terminal", () => {
  it("prints one table, or JSON, of what goes on", async () => {
    expect((await shell.run("top")).out).toBe("No session goes on.\n");
    const { sessionId } = await busySession("in a pipe");
    await shell.run("call", "session/create", '{"name":"nothing to do"}');
    const { out, exitCode } = await shell.run("top", "--sort", "commands");
    expect(exitCode).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(/^SESSION +NAME +STATE +CPU% +MEMORY +PROCS +CMDS +ACTIVE +COMMAND$/);
    expect(lines[1]).toMatch(new RegExp(`^${sessionId} +in a pipe +running .* 1 .*ago|now +sleep 600$`));
    expect(lines[2]).toContain("nothing to do");
    const once = await shell.json<Once>("top", "--once");
    expect(once.total).toBe(2);
    expect(once.sessions.map(({ name, state }) => [name, state])).toEqual(
      expect.arrayContaining([
        ["in a pipe", "running"],
        ["nothing to do", "idle"],
      ]),
    );
    await shell.run("end", sessionId);
    await shell.run("end", "nothing to do");
  });
});

/** A terminal of a test's own, in which `top` runs from the start. */
class Pane {
  readonly #server = `sessiond-${process.pid}-${Math.random().toString(36).slice(2)}`;

  async open(columns: number, rows: number, ...args: readonly string[]): Promise<void> {
    onTestFinished(() => this.#tmux("kill-server").then(() => undefined));
    const size = ["-x", String(columns), "-y", String(rows)];
    // What comes after it shows how it ended, and that the terminal is as it was.
    const call = `echo before; "$0" "$1" top ${args.join(" ")}; echo "ended with $?"; exec sleep 600`;
    const run = ["sh", "-c", call, process.execPath, ownProgram()];
    await this.#tmux("new-session", "-d", ...size, ...environment(), ...run);
  }

  /** What stands on the screen, line by line. */
  async lines(): Promise<string[]> {
    return (await this.#tmux("capture-pane", "-p")).split("\n");
  }

  async shows(what: string | RegExp): Promise<string[]> {
    let last: string[] = [];
    const isThere = (line: string): boolean =>
      typeof what === "string" ? line.includes(what) : what.test(line);
    try {
      return await until(String(what), async () => {
        last = await this.lines();
        return last.some(isThere) && last;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; there is:\n${last.join("\n")}`, { cause: error });
    }
  }

  press(...keys: readonly string[]): Promise<string> {
    return this.#tmux("send-keys", ...keys);
  }

  resize(columns: number, rows: number): Promise<string> {
    return this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Whether the other screen is shown, the cursor is, and lines are wrapped. */
  async flags(): Promise<string> {
    const asked = "#{alternate_on} #{cursor_flag} #{wrap_flag}";
    return (await this.#tmux("display-message", "-p", asked)).trim();
  }

  /** The process that runs `top`. */
  async pid(): Promise<number> {
    const shellPid = (await this.#tmux("display-message", "-p", "#{pane_pid}")).trim();
    const { stdout } = await promisify(execFile)("ps", ["-o", "pid=", "--ppid", shellPid]);
    return Number(stdout.trim().split("\n")[0]);
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const all = ["-L", this.#server, "-f", "/dev/null", ...args];
    const { stdout } = await promisify(execFile)("tmux", all, {
      cwd: shell.folder,
      env: { ...shell.env, TERM: "xterm-256color", LC_ALL: "C.UTF-8" },
    });
    return stdout;
  }
}

function environment(): string[] {
  return Object.entries(shell.env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
}

describeIf(hasProgram("tmux") && hasProgram("ps"), "tmux and ps, from procps", "top on a terminal", () => {
  it("B.11 shows what goes on in 80 columns, follows its size, and leaves the terminal as it was", async () => {
    const { sessionId } = await busySession("alive");
    const pane = new Pane();
    await pane.open(80, 12, "--interval", "500ms");
    const lines = await pane.shows(/^\S+ +alive +running/);
    expect(lines[0]).toMatch(/^sessiond \S+ +up .* load .* memory .* \d\d:\d\d:\d\d$/);
    expect(lines[1]).toMatch(/^1 session · 1 command running · daemon \d+ MB$/);
    expect(lines[11]).toBe("q quit  ↑↓ select  Enter details  x end  s sort  r reverse  / filter  p pause");
    // A row as wide as the terminal is shown to its last character.
    expect(lines[3]).toMatch(/CMDS {2}ACTIVE$/);
    expect(await pane.flags()).toBe("1 0 0");
    await pane.resize(120, 20);
    await pane.shows(/alive .* sleep 600$/);
    await pane.press("q");
    expect(await pane.shows("ended with 0")).toContain("before");
    expect(await pane.flags()).toBe("0 1 1");
    await shell.run("end", sessionId);
  });

  it("B.11 stops a command, and ends a session, each after a word", async () => {
    const { sessionId, commandId } = await busySession("to be stopped");
    const pane = new Pane();
    await pane.open(100, 14, "--interval", "500ms");
    await pane.shows("to be stopped");
    await pane.press("/", "b", "e", "Space", "s", "Enter");
    await pane.shows("filter be s");
    await pane.press("Enter");
    await pane.shows(/sleep 600 +running +\d+/);
    await pane.press("x");
    await pane.shows("Stop sleep 600? y: yes");
    await pane.press("n");
    await pane.press("x", "y");
    await pane.shows(/sleep 600 +SIGTERM|sleep 600 +cancelled/);
    const get = ["call", "command/get", JSON.stringify({ commandId })] as const;
    expect(await shell.json<CommandShape>(...get)).toMatchObject({ status: "cancelled" });
    await pane.press("Escape");
    await pane.shows(/to be stopped +idle/);
    await pane.press("x");
    await pane.shows("End session to be stopped? y: yes");
    await pane.press("y");
    await pane.shows(/to be stopped +abandoned/);
    const session = await shell.json<Result<"session/get">>("show", sessionId);
    expect(JSON.stringify(session)).toContain('"endReason":"ended in sessiond top"');
  });

  it("B.11 leaves the terminal as it was also on a signal, and goes on through a restart of the daemon", async () => {
    const { sessionId } = await busySession("goes on");
    const pane = new Pane();
    await pane.open(80, 12, "--interval", "500ms");
    await pane.shows("goes on");
    await shell.run("restart");
    await pane.shows(/up \d+(\.\d)? s /);
    await pane.shows(/goes on +running|goes on +idle/);
    process.kill(await pane.pid(), "SIGTERM");
    await pane.shows("ended with 143");
    expect(await pane.flags()).toBe("0 1 1");
    await shell.run("end", sessionId);
  });
});
