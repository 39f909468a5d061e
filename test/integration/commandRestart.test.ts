import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import type { Params } from "../../src/protocol/types.js";
import { isSame, type ProcessIdentity, readIdentity } from "../../src/process/identity.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import { rewriteJournal } from "../support/journalEdit.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

/** Commands are children of the daemon, as where there is no keeper; with one see commandAdoption.test.ts. */
const CHILDREN = { config: { commands: { outliveDaemon: false } } };

const daemon = daemonForSuite(CHILDREN);

interface Running {
  readonly sessionId: string;
  readonly commandId: string;
  readonly identity: ProcessIdentity;
}

/** Starts a command and waits until its process is known, and has said "up" if it is a script that does. */
async function startIn(
  peer: Peer,
  argv: string[],
  request: Partial<Params<"command/start">> = {},
): Promise<Running> {
  const { sessionId } = await peer.call("session/create");
  const { commandId } = await peer.call("command/start", { sessionId, argv, ...request });
  const pid = await until("the start", async () => (await peer.call("command/get", { commandId })).pid);
  if (argv[0] === "sh") await peer.call("command/output", { commandId, follow: true });
  const identity = readIdentity(pid);
  if (identity === undefined) throw new Error("the command has ended");
  return { sessionId, commandId, identity };
}

describe("commands and the end of the daemon", () => {
  it("B.5 kill -9: what ran is told as lost, with its output, and its group is gone", async () => {
    let peer = await daemon().peer();
    const stubborn = "trap '' TERM; (trap '' TERM; sleep 100) & echo up; wait; sleep 100";
    const first = await startIn(peer, ["sleep", "100"]);
    const second = await startIn(peer, ["sh", "-c", stubborn], { graceMs: 100 });
    await daemon().kill();
    expect([first, second].every(({ identity }) => isSame(identity))).toBe(true);
    expect(await daemon().start()).toMatchObject({ lostCommands: 2 });
    expect([first, second].some(({ identity }) => isSame(identity))).toBe(false);
    expect(await daemon().leftovers()).toEqual([]);
    peer = await daemon().peer();
    for (const { commandId, sessionId } of [first, second]) {
      const lost = await peer.call("command/get", { commandId });
      expect(lost).toMatchObject({
        status: "lost",
        cause: "daemon_lost",
        error: expect.any(String) as string,
      });
      expect(lost).not.toHaveProperty("pid");
      const session = await peer.call("session/get", { sessionId });
      expect(session).toMatchObject({ status: "active", commands: { running: 0, total: 1 } });
    }
    const { output, ended } = await peer.call("command/output", { commandId: second.commandId });
    expect({ output, ended }).toEqual({ output: "up\n", ended: true });
    const { stdoutBytes, stderrBytes } = await peer.call("command/get", { commandId: second.commandId });
    expect({ stdoutBytes, stderrBytes }).toEqual({ stdoutBytes: 3, stderrBytes: 0 });
    expect((await peer.call("daemon/status")).commands.running).toBe(0);
  });

  it("B.5 kill -9 between two tries: lost, and not tried again", async () => {
    let peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const retry = { maxAttempts: 5, initialIntervalMs: 60_000, maximumIntervalMs: 60_000 };
    const { commandId } = await peer.call("command/start", { sessionId, argv: ["false"], retry });
    await until("the pause", async () => {
      return (await peer.call("command/get", { commandId })).status === "backing_off";
    });
    await daemon().crash();
    peer = await daemon().peer();
    expect(await peer.call("command/get", { commandId })).toMatchObject({ status: "lost" });
  });

  it("B.5 kill -9 within the grace of what a command left behind: it is stopped at the next start", async () => {
    const own = await daemonForTest(CHILDREN);
    let peer = await own.peer();
    const { sessionId } = await peer.call("session/create");
    // One stays in the command's group, and the other one leaves it: that is a life of its own.
    const script = `
      (trap '' TERM; echo group $(exec sh -c 'echo $PPID'); sleep 100) &
      setsid sh -c 'echo alone $$; exec sleep 100' &
      while [ "$(wc -l <"$0")" -lt 2 ]; do sleep 0.01; done`;
    const output = join(own.folder, "output");
    await writeFile(output, "");
    const argv = ["sh", "-c", `exec >>"$0"; ${script}`, output];
    const ended = await peer.call("command/run", { sessionId, argv, graceMs: 60_000 });
    expect(ended.status).toBe("succeeded");
    const said = await readFile(output, "utf8");
    const [group, alone] = ["group", "alone"].map((who) => {
      const identity = readIdentity(Number(new RegExp(`^${who} (\\d+)$`, "m").exec(said)?.[1]));
      if (identity === undefined) throw new Error(`${who} is gone: ${said}`);
      return identity;
    }) as [ProcessIdentity, ProcessIdentity];
    await own.kill();
    expect([group, alone].map(isSame)).toEqual([true, true]);
    expect(await own.start()).toMatchObject({ lostCommands: 0 });
    expect([group, alone].map(isSame)).toEqual([false, true]);
    peer = await own.peer();
    expect(await peer.call("command/get", { commandId: ended.commandId })).toEqual(ended);
    process.kill(alone.pid, "SIGKILL");
    await until("its end", () => !isSame(alone));
  });

  it("B.5 a daemon that stops in order says so of what it stops", async () => {
    let peer = await daemon().peer();
    const { commandId, identity } = await startIn(peer, ["sleep", "100"]);
    await daemon().restart();
    expect(isSame(identity)).toBe(false);
    peer = await daemon().peer();
    expect(await peer.call("command/get", { commandId })).toMatchObject({
      status: "cancelled",
      cause: "daemon_stopped",
    });
  });

  it("B.5 the daemon may be started anew by a command of its own", async () => {
    // An agent that finds no daemon starts one, and hands its environment down, the command's token in it.
    const own = await daemonForTest(CHILDREN);
    const peer = await own.peer();
    const { commandId } = await startIn(peer, ["sh", "-c", "echo $SESSIOND_TOKEN; exec sleep 100"]);
    const { output } = await peer.call("command/output", { commandId });
    await own.kill();
    expect(await own.start({}, { SESSIOND_TOKEN: output.trim() })).toMatchObject({ lostCommands: 1 });
    expect(await own.leftovers()).toEqual([]);
  });
});

describe("a command that becomes the next daemon", () => {
  it("B.5 is lost, and the daemon that it is now goes on", async () => {
    // As by `sh -c 'kill -9 …; exec sessiond start'`: an exec leaves pid, start time and group as they are.
    const folder = await mkdtemp(join(tmpdir(), "sessiond-gate-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const gate = join(folder, "gate");
    const waiting = 'until [ -e "$0" ]; do sleep 0.01; done; exec "$@"';
    await writeFile(gate, "");
    const own = await daemonForTest({ ...CHILDREN, around: ["setsid", "sh", "-c", waiting, gate] });
    const { identity } = await startIn(await own.peer(), ["sleep", "100"]);
    await own.kill();
    process.kill(identity.pid, "SIGKILL");
    await rm(gate);
    const next = own.spawn();
    const becomes = await until("the next daemon", () => readIdentity(next.pid));
    const changed = await rewriteJournal(join(own.dataDir, "journal"), (record) =>
      record.replace(JSON.stringify(identity), JSON.stringify(becomes)),
    );
    expect(changed).toBe(1);
    await writeFile(gate, "");
    expect(await next.ready()).toMatchObject({ lostCommands: 1 });
  });
});

describe("pids that mean somebody else by now", () => {
  /** A process that nobody of ours may touch; it ends with the test. */
  async function bystander(): Promise<ProcessIdentity> {
    const child = spawn("sleep", ["100"], { detached: true, stdio: "ignore" });
    const ended = once(child, "exit");
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await ended;
    });
    const identity = readIdentity(child.pid ?? 0);
    if (identity === undefined) throw new Error("no bystander");
    return identity;
  }

  it.each([
    ["another start time", (is: ProcessIdentity) => ({ ...is, startTicks: is.startTicks - 1 })],
    ["another boot", (is: ProcessIdentity) => ({ ...is, bootId: "00000000-0000-4000-8000-000000000000" })],
    ["no proof at all", (is: ProcessIdentity) => ({ pid: is.pid })],
    ["the same start time and boot, but neither token nor output", (is: ProcessIdentity) => is],
  ])("B.5 a pid with %s is never signalled", async (_, written) => {
    const own = await daemonForTest(CHILDREN);
    const peer = await own.peer();
    const { commandId, identity } = await startIn(peer, ["sleep", "100"]);
    await own.kill();
    process.kill(identity.pid, "SIGKILL");
    const other = await bystander();
    const changed = await rewriteJournal(join(own.dataDir, "journal"), (record) =>
      record.replace(JSON.stringify(identity), JSON.stringify(written(other))),
    );
    expect(changed).toBe(1);
    expect(await own.start()).toMatchObject({ lostCommands: 1 });
    expect((await (await own.peer()).call("command/get", { commandId })).status).toBe("lost");
    expect(isSame(other)).toBe(true);
  });

  it("B.5 with the right start time and boot it is, without its token, where it has the output open", async () => {
    // The counter-check: without it the tests above would pass for a daemon that signals nobody.
    const own = await daemonForTest(CHILDREN);
    const peer = await own.peer();
    const { identity } = await startIn(peer, ["sh", "-c", "echo up; exec env -i /bin/sleep 100"]);
    await until("the cleared environment", async () => (await own.leftovers()).length === 0);
    expect(isSame(identity)).toBe(true);
    await own.kill();
    await own.start();
    expect(isSame(identity)).toBe(false);
  });
});
