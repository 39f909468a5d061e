import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";

import type { SessionShape } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

/** A process that is nobody's command; it ends with the code that it reads. */
async function outside(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn("sh", ["-c", "echo up; read code; exit $code"], {
    stdio: ["pipe", "pipe", "ignore"],
    detached: true,
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  if (child.stdout !== null) await once(child.stdout, "data");
  if (child.pid === undefined) throw new Error("no process");
  return child as ChildProcess & { readonly pid: number };
}

async function end(child: ChildProcess, code = 0): Promise<void> {
  const exited = once(child, "exit");
  child.stdin?.end(`${code}\n`);
  await exited;
}

/** The session once it has ended. */
async function ended(peer: Peer, sessionId: string): Promise<SessionShape> {
  return until("the end of the session", async () => {
    const session = await peer.call("session/get", { sessionId });
    return session.endedAt === undefined ? undefined : session;
  });
}

const errorOf = async (peer: Peer, method: string, params: object): Promise<unknown> =>
  (await peer.ask({ method, params })).error;

describe("session/bind", () => {
  it("S2.6 has the process measured with those of the session, and no longer than it is bound", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const child = await outside();
    const pids = async (): Promise<number[]> =>
      (await peer.call("session/processes", { sessionId })).items.map(({ pid }) => pid);
    expect(await pids()).toEqual([]);
    await peer.call("session/bind", { sessionId, pid: child.pid });
    expect(await pids()).toContain(child.pid);
    await peer.call("session/unbind", { sessionId });
    expect(await pids()).toEqual([]);
  });

  it("B.5 ends the session when the process is gone, and says so", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("invocation/start", { sessionId, tool: "edit" });
    const child = await outside();
    const bound = await peer.call("session/bind", { sessionId, pid: child.pid });
    expect(bound.binding).toEqual({
      pid: child.pid,
      name: "sh",
      onExit: "exit_code",
      boundAt: expect.any(String) as string,
    });
    const { subscriptionId } = await peer.call("event/subscribe", { sessionIds: [sessionId] });
    await end(child, 1);
    expect(await ended(peer, sessionId)).toMatchObject({
      status: "abandoned",
      endReason: `its process ${child.pid} (sh) is gone`,
      binding: { pid: child.pid, goneAt: expect.any(String) as string },
      invocations: { running: 0, abandoned: 1 },
    });
    const types = await until("the events", () => {
      const own = peer.events.filter((event) => event.subscriptionId === subscriptionId);
      return own.some(({ type }) => type === "session/ended") && own.map(({ type }) => type);
    });
    expect(types.slice(-3)).toEqual(["session/unbound", "invocation/finished", "session/ended"]);
  });

  it("B.5 takes the policy of its caller, and the process that was bound last", async () => {
    const peer = await daemon().peer();
    const [first, second] = [await outside(), await outside()];
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/bind", { sessionId, pid: first.pid, onExit: "fail" });
    await peer.call("session/bind", { sessionId, pid: second.pid, onExit: "complete" });
    const other = await peer.call("session/create");
    await peer.call("session/bind", { sessionId: other.sessionId, pid: first.pid, onExit: "fail" });
    await end(first);
    expect((await ended(peer, other.sessionId)).status).toBe("failed");
    expect((await peer.call("session/get", { sessionId })).status).toBe("active");
    await end(second, 3);
    expect((await ended(peer, sessionId)).status).toBe("completed");
  });

  it("B.5 session/unbind lets it go on alone; to end it by hand lets the process go on", async () => {
    const peer = await daemon().peer();
    const child = await outside();
    const [one, two, last] = await Promise.all([1, 2, 3].map(() => peer.call("session/create")));
    for (const { sessionId } of [one, two, last] as SessionShape[])
      await peer.call("session/bind", { sessionId, pid: child.pid });
    const unbound = await peer.call("session/unbind", { sessionId: one?.sessionId ?? "" });
    expect(unbound).not.toHaveProperty("binding");
    const over = await peer.call("session/end", { sessionId: two?.sessionId ?? "", status: "completed" });
    expect(over).not.toHaveProperty("binding");
    expect(child.exitCode).toBeNull();
    await end(child);
    await ended(peer, last?.sessionId ?? "");
    expect((await peer.call("session/get", { sessionId: one?.sessionId ?? "" })).status).toBe("active");
  });

  it("B.5 knows the exit code of a process that the daemon runs as a command", async () => {
    const peer = await daemon().peer();
    const runner = await peer.call("session/create");
    const script = "echo up; trap 'exit 3' TERM; while :; do sleep 0.02; done";
    const { commandId } = await peer.call("command/start", {
      sessionId: runner.sessionId,
      argv: ["sh", "-c", script],
    });
    await peer.call("command/output", { commandId, follow: true });
    const { pid = 0 } = await peer.call("command/get", { commandId });
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/bind", { sessionId, pid });
    await peer.call("command/signal", { commandId });
    expect(await ended(peer, sessionId)).toMatchObject({
      status: "failed",
      endReason: `its process ${pid} (sh) ended with exit code 3`,
      binding: { exitCode: 3 },
    });
  });

  it("B.5 refuses what no session can be bound to, and says why", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const gone = await outside();
    await end(gone);
    for (const pid of [2 ** 31 - 1, gone.pid]) {
      expect(await errorOf(peer, "session/bind", { sessionId, pid })).toMatchObject({
        message: `No process has the pid ${pid}.`,
        data: { type: "process_not_bindable", pid, hint: expect.any(String) as string },
      });
    }
    // The daemon is in this process.
    expect(await errorOf(peer, "session/bind", { sessionId, pid: process.pid })).toMatchObject({
      message: `Process ${process.pid} is the daemon itself.`,
    });
    for (const pid of [0, -1, 1.5, 2 ** 31, "1"])
      expect(await errorOf(peer, "session/bind", { sessionId, pid })).toMatchObject({
        data: { type: "invalid_params" },
      });
    expect(await errorOf(peer, "session/bind", { sessionId: "none", pid: 1 })).toMatchObject({
      data: { type: "session_not_found" },
    });
    await peer.call("session/end", { sessionId, status: "completed" });
    const child = await outside();
    expect(await errorOf(peer, "session/bind", { sessionId, pid: child.pid })).toMatchObject({
      data: { type: "session_not_active" },
    });
  });

  it("B.5 answers a repeated call as the first time, also where the process is gone since", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const child = await outside();
    const call = { sessionId, pid: child.pid, onExit: "fail", idempotencyKey: "bind-1" } as const;
    const first = await peer.call("session/bind", call);
    await end(child);
    await ended(peer, sessionId);
    expect(await peer.call("session/bind", call)).toEqual(first);
  });

  it("B.5 binds by the handle: to this process unless another is given", async () => {
    const own = await daemonForTest();
    const client = await own.client();
    const session = await client.open("bound");
    expect((await session.bind()).binding).toMatchObject({ pid: process.pid });
    const child = await outside();
    expect((await session.bind(child.pid, { onExit: "complete" })).binding).toMatchObject({ pid: child.pid });
    expect(await session.unbind()).not.toHaveProperty("binding");
  });
});

describe("a daemon that is killed", () => {
  it("B.5 watches on, and ends at its start what went meanwhile", async () => {
    const own = await daemonForTest();
    let peer = await own.peer();
    const children = [await outside(), await outside(), await outside()] as const;
    const ids: string[] = [];
    for (const child of children) {
      const { sessionId } = await peer.call("session/create");
      await peer.call("session/bind", { sessionId, pid: child.pid, onExit: "fail" });
      ids.push(sessionId);
    }
    await own.kill();
    await end(children[0], 1);
    await own.start();
    peer = await own.peer();
    const statuses = async (): Promise<string[]> =>
      Promise.all(ids.map(async (sessionId) => (await peer.call("session/get", { sessionId })).status));
    // By the first answer: nobody ever sees it active.
    expect(await statuses()).toEqual(["failed", "active", "active"]);
    await end(children[1]);
    await ended(peer, ids[1] ?? "");
    expect(await statuses()).toEqual(["failed", "failed", "active"]);
  });
});
