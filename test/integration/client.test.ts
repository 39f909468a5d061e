import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { quickSession } from "../../client/index.js";
import { daemonForSuite } from "../support/daemon.js";

const daemon = daemonForSuite();

describe("sessions by the client", () => {
  it("S0.6 withSession ends it as completed, or as failed with the error", async () => {
    const client = await daemon().client();
    const answer = await client.withSession("goes well", async (session) => {
      await session.record("step", { n: 1 });
      return session.sessionId;
    });
    expect(await client.session.get({ sessionId: answer })).toMatchObject({ status: "completed" });
    let failed = "";
    const failing = client.withSession("goes wrong", (session) => {
      failed = session.sessionId;
      throw new Error("the disk of the caller is full");
    });
    await expect(failing).rejects.toThrow("the disk of the caller is full");
    expect(await client.session.get({ sessionId: failed })).toMatchObject({
      status: "failed",
      endReason: "the disk of the caller is full",
    });
  });

  it("S0.6 quickSession connects, works, ends and lets go", async () => {
    const before = (await (await daemon().client()).daemon.status()).connections;
    const { socket } = daemon();
    const sessionId = await quickSession("quick", (session) => session.sessionId, { socket });
    const client = await daemon().client();
    expect(await client.session.get({ sessionId })).toMatchObject({ status: "completed", name: "quick" });
    expect((await client.daemon.status()).connections).toBeLessThanOrEqual(before + 1);
  });

  it("S0.6 a session that is disposed of has ended, one that was detached lives on", async () => {
    const client = await daemon().client();
    const disposed = await client.open("disposed");
    await disposed[Symbol.asyncDispose]();
    expect(await disposed.get()).toMatchObject({ status: "completed" });
    const detached = await client.open("detached");
    detached.detach();
    await detached[Symbol.asyncDispose]();
    expect(await detached.get()).toMatchObject({ status: "active" });
  });

  it("S0.5 a session is found again by its name after a restart of the client and of the daemon", async () => {
    const first = await daemon().client();
    const session = await first.open("long task", { purpose: "to be resumed" });
    await session.metadata.set("step", 3);
    await session.record("step 3");
    session.detach();
    await first.close();
    await daemon().crash();
    const second = await daemon().client();
    const found = await second.open("long task");
    expect(found.sessionId).toBe(session.sessionId);
    expect(await found.metadata.get("step")).toBe(3);
    expect(await found.stats()).toMatchObject({ activities: 1, status: "active" });
    await found.end();
    expect((await second.open("long task")).sessionId).not.toBe(session.sessionId);
  });

  it("S0.3 a handle makes checkpoints of its session, and goes back to them", async () => {
    const client = await daemon().client();
    const session = await client.open("goes back", { purpose: "first" });
    const { checkpointId } = await session.checkpoint("safe");
    await session.checkpoint();
    await session.update({ purpose: "second" });
    const { undo } = await session.restore(checkpointId);
    expect((await session.get()).purpose).toBe("first");
    await session.restore(undo);
    expect((await session.get()).purpose).toBe("second");
    const labels: (string | undefined)[] = [];
    for await (const { label } of session.checkpoints()) labels.push(label);
    expect(labels).toEqual([`before restoring ${undo}`, "before restoring safe", undefined, "safe"]);
    await session.end();
  });

  it("S0.5 a handle goes on across a restart and a crash of the daemon, as if nothing had been", async () => {
    const client = await daemon().client();
    const session = await client.open("goes on");
    await session.record("before");
    await daemon().restart();
    await session.record("between");
    await daemon().kill();
    // The call is made while nobody is there to take it.
    const waiting = session.record("while it was away");
    await daemon().start();
    await waiting;
    const actions: string[] = [];
    for await (const item of session.activities({ order: "oldest", limit: 1 })) {
      if ("action" in item) actions.push(item.action);
    }
    expect(actions).toEqual(["before", "between", "while it was away"]);
    expect(await session.run(["sh", "-c", "exit 3"])).toMatchObject({ status: "failed", exitCode: 3 });
    await expect(session.run(["false"], { check: true })).rejects.toThrow(/false: exit code 1/);
  });

  it("S2.2 a handle makes a copy of its session, and has it written into a file", async () => {
    const client = await daemon().client();
    const session = await client.open("to be copied", { metadata: { kept: true } });
    const { sessionId } = session;
    for (const content of ["one", "two"]) await client.message.append({ sessionId, role: "user", content });
    const copy = await session.clone({ throughMessage: 1, name: "copy" });
    expect(await copy.get()).toMatchObject({ parentId: sessionId, name: "copy", messages: 1 });
    expect(await copy.metadata.get("kept")).toBe(true);
    const path = join(daemon().folder, "copied.jsonl.gz");
    expect(await session.export(path)).toMatchObject({ path, messages: 2, damaged: 0 });
  });
});
