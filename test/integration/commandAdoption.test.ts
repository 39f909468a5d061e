import { randomInt } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

import { isSame, readIdentity } from "../../src/process/identity.js";
import { keeperProgram } from "../../src/process/keeper/program.js";
import { daemonForTest } from "../support/daemon.js";
import { pidsWith } from "../process/keeper/keeperBench.js";
import { describeIf } from "../support/requires.js";
import { until } from "../support/until.js";
import { type CommandScene, openScene, start } from "./commandScene.js";

const HAS = keeperProgram() !== undefined;

/** Says `up`, waits for its gate, says `done`, and ends with 7. */
const GATED = 'echo up; until [ -e "$0" ]; do sleep 0.01; done; echo done; exit 7';

/** One that is not killed may be in the process of the test, where coverage sees it. */
async function scene(how: "kill" | "shutdown" = "kill"): Promise<CommandScene> {
  return openScene(await daemonForTest({ inProcess: how === "shutdown" }));
}

/** Ends the daemon by `kill -9` or in order, with commands going on, and starts the next one. */
async function next(
  here: CommandScene,
  how: "kill" | "shutdown",
): Promise<{ adoptedCommands: number; lostCommands: number }> {
  await end(here, how);
  const ready = await here.daemon.start();
  here.peer = await here.daemon.peer();
  return ready;
}

async function end({ daemon, peer }: CommandScene, how: "kill" | "shutdown"): Promise<void> {
  if (how === "kill") return daemon.kill();
  await peer.call("daemon/shutdown");
  await daemon.process.exited;
}

const folders = async ({ daemon }: CommandScene): Promise<string[]> =>
  readdir(join(daemon.dataDir, "running"));

describeIf(HAS, "a C compiler", "a command whose daemon ends", () => {
  it.each(["kill", "shutdown"] as const)("B.1 goes on after a %s, and its end is known", async (how) => {
    const here = await scene(how);
    const commandId = await start(here, GATED);
    const before = await here.peer.call("command/get", { commandId });
    expect(before).toMatchObject({ status: "running", supervision: "keeper" });
    const identity = readIdentity(before.pid ?? 0);
    expect(await next(here, how)).toMatchObject({ adoptedCommands: 1, lostCommands: 0 });
    expect(await here.peer.call("command/get", { commandId })).toEqual(before);
    expect(identity !== undefined && isSame(identity)).toBe(true);
    const status = await here.peer.call("daemon/status");
    expect(status).toMatchObject({ supervision: "keeper", commands: { running: 1 } });
    const waiting = here.peer.call("command/wait", { commandId });
    const following = here.peer.call("command/output", { commandId, sinceBytes: 3, follow: true });
    await writeFile(here.gate, "");
    expect(await waiting).toMatchObject({ status: "failed", cause: "exited", exitCode: 7, stdoutBytes: 8 });
    expect((await following).output).toBe("done\n");
    await until("the folder to go", async () => (await folders(here)).length === 0);
  });

  it.each([
    ["exit 0", { status: "succeeded", cause: "exited", exitCode: 0 }],
    ["kill -SEGV $$", { status: "failed", cause: "exited", signal: "SIGSEGV" }],
  ])("B.1 and which ends by `%s` while there is none, ended so, and then", async (last, outcome) => {
    const here = await scene();
    const commandId = await start(
      here,
      GATED.replace("exit 7", () => last),
    );
    const [folder = ""] = await folders(here);
    await end(here, "kill");
    await writeFile(here.gate, "");
    const running = join(here.daemon.dataDir, "running", folder);
    await until("its end", async () => (await readdir(running)).includes("ended"));
    const endedBefore = Date.now();
    await here.daemon.start();
    here.peer = await here.daemon.peer();
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject(outcome);
    expect(Date.parse(ended.endedAt ?? "")).toBeLessThanOrEqual(endedBefore);
    expect((await here.peer.call("command/output", { commandId })).output).toBe("up\ndone\n");
  });

  it.each([
    ["startToCloseMs", "start_to_close"],
    ["scheduleToCloseMs", "schedule_to_close"],
  ] as const)("B.1 is held to its %s meanwhile", async (limit, cause) => {
    const here = await scene();
    const retry = { maxAttempts: limit === "startToCloseMs" ? 1 : 2 };
    const commandId = await start(here, "echo up; exec sleep 100", { [limit]: 4_000, retry });
    const { pid = 0 } = await here.peer.call("command/get", { commandId });
    const identity = readIdentity(pid);
    await end(here, "kill");
    // On a machine that is busy it may have ended before.
    await until("its end", () => identity === undefined || !isSame(identity));
    await here.daemon.start();
    here.peer = await here.daemon.peer();
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause, signal: "SIGTERM", attempt: 1 });
  });

  it.each([
    ["startToCloseMs", "start_to_close"],
    ["scheduleToCloseMs", "schedule_to_close"],
    ["stallTimeoutMs", "stalled"],
  ] as const)("B.1 has the rest of its %s with the next daemon", async (limit, cause) => {
    const here = await scene();
    const commandId = await start(here, "echo up; exec sleep 100", { [limit]: 3_000 });
    await next(here, "kill");
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause });
  });

  it("B.1 is signalled and stopped by the next daemon, with its whole tree", async () => {
    const here = await scene();
    const script = "trap 'echo heard' USR1; setsid sleep 1000 & echo up; while :; do sleep 0.01; done";
    const commandId = await start(here, script);
    await next(here, "kill");
    await here.peer.call("command/signal", { commandId, signal: "SIGUSR1" });
    await here.peer.call("command/output", { commandId, sinceBytes: 3, follow: true });
    await here.peer.call("session/end", { sessionId: here.sessionId, status: "completed" });
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "cancelled", cause: "session_ended", signal: "SIGTERM" });
    await until("the end of its tree", async () => (await here.daemon.leftovers()).length === 0);
  });

  it("B.1 is tried again by the next daemon, with its environment and its input", async () => {
    const here = await scene();
    const script =
      '[ -e "$0" ] || echo up; until [ -e "$0" ]; do sleep 0.01; done; echo $MINE $SESSIOND_ATTEMPT; cat; exit 1';
    const retry = { maxAttempts: 3, initialIntervalMs: 1, maximumIntervalMs: 1 };
    const env = { PATH: "/usr/bin:/bin", MINE: "secret" };
    const commandId = await start(here, script, { retry, env, stdin: "input\n" });
    const [folder = ""] = await folders(here);
    expect(await readFile(join(here.daemon.dataDir, "running", folder, "intent"), "utf8")).toContain(
      "secret",
    );
    await next(here, "kill");
    await writeFile(here.gate, "");
    expect(await here.peer.call("command/wait", { commandId })).toMatchObject({
      status: "failed",
      attempt: 3,
    });
    const { output } = await here.peer.call("command/output", { commandId });
    expect(output).toBe("up\nsecret 1\ninput\nsecret 2\ninput\nsecret 3\ninput\n");
    await until("the folders to go", async () => (await folders(here)).length === 0);
  });

  it.each(["kill", "shutdown"] as const)(
    "B.1 is tried again after a %s in the pause between two tries",
    async (how) => {
      const here = await scene(how);
      const retry = { maxAttempts: 2, initialIntervalMs: 1_500, maximumIntervalMs: 1_500 };
      const commandId = await start(here, "echo $SESSIOND_ATTEMPT; exit 3", { retry });
      await until("the pause", async () => {
        return (await here.peer.call("command/get", { commandId })).status === "backing_off";
      });
      expect(await next(here, how)).toMatchObject({ adoptedCommands: 1, lostCommands: 0 });
      expect(await here.peer.call("command/wait", { commandId })).toMatchObject({ attempt: 2, exitCode: 3 });
      expect((await here.peer.call("command/output", { commandId })).output).toBe("1\n2\n");
    },
  );

  it("B.1 ends with it where that is asked for", async () => {
    const here = await scene("shutdown");
    const commandId = await start(here, "echo up; exec sleep 100");
    await here.peer.call("daemon/shutdown", { commands: "stop" });
    await here.daemon.process.exited;
    expect(await here.daemon.leftovers()).toEqual([]);
    await here.daemon.start();
    here.peer = await here.daemon.peer();
    expect(await here.peer.call("command/get", { commandId })).toMatchObject({ cause: "daemon_stopped" });
    expect(await folders(here)).toEqual([]);
  });

  it("B.1 is lost where its keeper is killed, and what runs of it is ended", async () => {
    const here = await scene("shutdown");
    const commandId = await start(here, "echo up; exec sleep 100");
    const [folder = ""] = await folders(here);
    const claim = join(here.daemon.dataDir, "running", folder, "claim");
    process.kill(Number((await readFile(claim, "utf8")).split(" ")[1]), "SIGKILL");
    expect(await here.peer.call("command/wait", { commandId })).toMatchObject({
      status: "lost",
      cause: "daemon_lost",
    });
    expect(await here.daemon.leftovers()).toEqual([]);
  });

  it.each(["its folder is there", "its folder is gone"])(
    "B.1 that is lost while %s is tried again where it asked for that, with all that it had",
    async (how) => {
      const here = await scene();
      const script =
        '[ -e "$0" ] || echo up; until [ -e "$0" ]; do sleep 0.01; done; echo $MINE $SESSIOND_ATTEMPT; cat';
      const retry = { maxAttempts: 2, initialIntervalMs: 1, maximumIntervalMs: 1, onLost: "retry" } as const;
      const env = { PATH: "/usr/bin:/bin", MINE: "secret" };
      const commandId = await start(here, script, { retry, env, stdin: "input\n" });
      await end(here, "kill");
      const names = (await folders(here)).toSorted();
      expect(names.map((name) => name.slice(name.indexOf("~")))).toEqual(["~0", "~1"]);
      const folder = join(here.daemon.dataDir, "running", names[1] ?? "");
      process.kill(Number((await readFile(join(folder, "claim"), "utf8")).split(" ")[1]), "SIGKILL");
      if (how === "its folder is gone") await rm(folder, { recursive: true });
      expect(await here.daemon.start()).toMatchObject({ adoptedCommands: 0, lostCommands: 1 });
      here.peer = await here.daemon.peer();
      await until("the second try", async () => {
        return (await here.peer.call("command/get", { commandId })).attempt === 2;
      });
      // What runs on of the first one has been ended before.
      expect((await here.daemon.leftovers()).length).toBeLessThanOrEqual(2);
      await writeFile(here.gate, "");
      const ended = await here.peer.call("command/wait", { commandId });
      expect(ended).toMatchObject({ status: "succeeded", attempt: 2 });
      const { output } = await here.peer.call("command/output", { commandId });
      expect(output).toBe("up\nup\nsecret 2\ninput\n");
      await until("the folders to go", async () => (await folders(here)).length === 0);
    },
  );

  it("B.1 keeps nothing of one that is refused", async () => {
    const here = await scene("shutdown");
    const request = { sessionId: here.sessionId, argv: ["sleep", "100"], commandId: "one" };
    const retry = { onLost: "retry" } as const;
    await here.peer.call("command/start", { ...request, retry });
    const before = await folders(here);
    const again = here.peer.call("command/start", { ...request, retry });
    await expect(again).rejects.toMatchObject({ type: "command_exists" });
    expect((await folders(here)).filter((name) => name.endsWith("~0"))).toEqual(
      before.filter((name) => name.endsWith("~0")),
    );
  });

  it("B.1 is ended with its whole tree where the next daemon knows nothing of it", async () => {
    const here = await scene();
    // Neither its group nor its environment leads to it: only its keeper does.
    const mark = String(randomInt(100_000_000, 1_000_000_000));
    await start(here, `setsid env -i /bin/sleep ${mark} & echo up; wait`);
    await until("the sleeper", async () => (await pidsWith(`sleep\0${mark}`)).length === 1);
    await end(here, "kill");
    const [folder = ""] = await folders(here);
    const running = join(here.daemon.dataDir, "running");
    await rename(join(running, folder), join(running, "unknown~1"));
    expect(await here.daemon.start()).toMatchObject({ adoptedCommands: 0, lostCommands: 1 });
    expect(await pidsWith(`sleep\0${mark}`)).toEqual([]);
    expect(await folders(here)).toEqual([]);
  });
});
