import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

describe("sessiond bind", () => {
  it("B.5 binds a session to a process, shows it, and shows what became of it", async () => {
    const child = spawn("sleep", ["1000"], { stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    const pid = String(child.pid);
    await shell.run("call", "session/create", '{"sessionId":"agent"}');
    expect((await shell.run("bind", "agent", pid, "--on-exit", "fail")).out).toBe(
      `agent ends with process ${pid} (sleep)\n`,
    );
    expect((await shell.run("show", "agent")).out).toMatch(
      new RegExp(`^process +${pid} \\(sleep\\), bound `, "m"),
    );
    expect((await shell.run("unbind", "agent")).out).toBe(`agent goes on without process ${pid}\n`);
    expect((await shell.run("unbind", "agent")).out).toBe("agent was bound to no process\n");
    expect(await shell.json("bind", "agent", pid)).toMatchObject({
      binding: { pid: child.pid, onExit: "exit_code" },
    });
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    const out = await until("its end", async () => {
      const shown = await shell.run("show", "agent");
      return shown.out.includes("abandoned") && shown.out;
    });
    expect(out).toMatch(new RegExp(`^process +${pid} \\(sleep\\), gone `, "m"));
    expect(out).toMatch(new RegExp(`^reason +its process ${pid} \\(sleep\\) is gone$`, "m"));
  });

  it("B.5 says what cannot be bound", async () => {
    await shell.run("call", "session/create", '{"sessionId":"b"}');
    expect(await shell.run("bind", "b", "x1")).toMatchObject({
      exitCode: 2,
      err: 'sessiond: "x1" is no process id.\n  hint: give the number that the system has for it, such as 4711; see `ps` and `pgrep`\n',
    });
    expect(await shell.run("bind", "b", "2147483647")).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining("No process has the pid 2147483647.") as string,
    });
  });
});

describe("a command in which nothing moves", () => {
  it("B.4 is shown as stalled, and so is its session", async () => {
    await shell.run("call", "session/create", '{"sessionId":"silent","config":{"stall":{"afterMs":300}}}');
    await shell.run("call", "command/start", '{"sessionId":"silent","argv":["sleep","1000"]}');
    await until("the stall", async () => /active, stalled \d/.test((await shell.run("list")).out));
    const { out } = await shell.run("show", "silent");
    expect(out).toMatch(/^status +active, stalled \d/m);
    expect(out).toMatch(/running, stalled \d/);
    expect((await shell.run("end", "silent")).exitCode).toBe(0);
    expect((await shell.run("list")).out).not.toContain("stalled");
  });
});
