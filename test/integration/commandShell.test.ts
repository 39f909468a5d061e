import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

import { isSame, readIdentity } from "../../src/process/identity.js";
import { shellTools } from "../../src/process/keeper/program.js";
import { daemonForTest } from "../support/daemon.js";
import { describeIf } from "../support/requires.js";
import { until } from "../support/until.js";
import { type CommandScene, openScene, start } from "./commandScene.js";

/** A daemon that has no other keeper than sh. */
async function scene(): Promise<CommandScene> {
  return openScene(await daemonForTest({ env: { SESSIOND_KEEPER: "sh" } }));
}

const folders = ({ daemon }: CommandScene): Promise<string[]> => readdir(join(daemon.dataDir, "running"));

describeIf(shellTools() !== undefined, "sh and setsid", "a command that sh keeps for a daemon", () => {
  it("B.1 says so, goes on after a kill, and its exit code is known", async () => {
    const here = await scene();
    const script = 'echo up; until [ -e "$0" ]; do sleep 0.01; done; echo done; exit 7';
    const commandId = await start(here, script);
    expect(await here.peer.call("daemon/status")).toMatchObject({ supervision: "sh" });
    const before = await here.peer.call("command/get", { commandId });
    expect(before).toMatchObject({ status: "running", supervision: "sh" });
    const identity = readIdentity(before.pid ?? 0);
    expect(await here.daemon.crash()).toMatchObject({ adoptedCommands: 1, lostCommands: 0 });
    const peer = await here.daemon.peer();
    expect(await peer.call("command/get", { commandId })).toEqual(before);
    expect(identity !== undefined && isSame(identity)).toBe(true);
    await writeFile(here.gate, "");
    const ended = await peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "failed", cause: "exited", exitCode: 7, supervision: "sh" });
    expect((await peer.call("command/output", { commandId })).output).toBe("up\ndone\n");
    await until("the folder to go", async () => (await folders(here)).length === 0);
  });

  it("B.1 that ends while there is no daemon is known to have ended so, and then", async () => {
    const here = await scene();
    const commandId = await start(here, 'echo up; until [ -e "$0" ]; do sleep 0.01; done; kill -SEGV $$');
    const [folder = ""] = await folders(here);
    await here.daemon.kill();
    await writeFile(here.gate, "");
    const running = join(here.daemon.dataDir, "running", folder);
    await until("its end", async () => (await readdir(running)).includes("ended"));
    const endedBefore = Date.now();
    await here.daemon.start();
    const ended = await (await here.daemon.peer()).call("command/wait", { commandId });
    // As a shell tells it: 128 and the number of the signal.
    expect(ended).toMatchObject({ status: "failed", cause: "exited", exitCode: 139 });
    expect(Date.parse(ended.endedAt ?? "")).toBeLessThanOrEqual(endedBefore);
  });

  it.each([
    ["startToCloseMs", "start_to_close"],
    ["scheduleToCloseMs", "schedule_to_close"],
  ] as const)("B.1 has the rest of its %s with the next daemon", async (limit, cause) => {
    const here = await scene();
    const commandId = await start(here, "echo up; exec sleep 100", { [limit]: 2_000 });
    await here.daemon.crash();
    const ended = await (await here.daemon.peer()).call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause });
    expect(await here.daemon.leftovers()).toEqual([]);
  });

  it("B.1 is stopped with its session by the next daemon, and stays where the daemon is stopped in order", async () => {
    const here = await scene();
    const commandId = await start(here, "trap 'echo heard' USR1; echo up; while :; do sleep 0.01; done");
    await here.peer.call("daemon/shutdown");
    await here.daemon.process.exited;
    await here.daemon.start();
    const peer = await here.daemon.peer();
    await peer.call("command/signal", { commandId, signal: "SIGUSR1" });
    await peer.call("command/output", { commandId, sinceBytes: 3, follow: true });
    await peer.call("session/end", { sessionId: here.sessionId, status: "completed" });
    const ended = await peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "cancelled", cause: "session_ended" });
    await until("the end of its group", async () => (await here.daemon.leftovers()).length === 0);
  });
});
