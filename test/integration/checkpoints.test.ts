import { describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

async function say(peer: Peer, sessionId: string, ...contents: string[]): Promise<void> {
  for (const content of contents) await peer.call("message/append", { sessionId, role: "user", content });
}

async function said(peer: Peer, sessionId: string, order?: "newest"): Promise<unknown[]> {
  const params = order === undefined ? { sessionId } : { sessionId, order };
  const { items } = await peer.call("message/list", params);
  return items.map((item) => ("content" in item ? item.content : item));
}

/** What a session has that a checkpoint keeps. */
function kept(session: Result<"session/get">): object {
  const { name, purpose, description, userId, tags, metadata, environment, config } = session;
  const { workingDirectory, status, endedAt, endReason, totals, messages } = session;
  const texts = { name, purpose, description, userId, tags, metadata, environment, config, workingDirectory };
  return { ...texts, status, endedAt, endReason, totals, messages };
}

const FULL: Params<"session/create"> = {
  name: "build",
  purpose: "p",
  description: "d",
  userId: "me",
  tags: ["a", "b"],
  metadata: { k: [1, { deep: "ü" }] },
  environment: { LANG: "C" },
  workingDirectory: "/tmp",
  config: { graceMs: 77 },
};

describe("checkpoints", () => {
  it("S0.3 bring back what a session was, and that can be undone", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", FULL);
    await say(peer, sessionId, "one", "two");
    await peer.call("session/record", { sessionId, action: "x", usage: { tool: "t", inputTokens: 5 } });
    const before = await peer.call("session/get", { sessionId });
    const made = await peer.call("checkpoint/create", { sessionId, label: "safe" });
    expect(made).toMatchObject({ label: "safe", automatic: false, status: "active", messages: 2 });
    await peer.call("session/update", {
      sessionId,
      name: null,
      purpose: "q",
      tags: [],
      metadata: { k: 2, more: true },
      environment: {},
      workingDirectory: "/",
      config: { graceMs: 5 },
    });
    await peer.call("metadata/delete", { sessionId, key: "k" });
    await say(peer, sessionId, "three");
    await peer.call("session/record", { sessionId, action: "y", usage: { tool: "t", inputTokens: 5 } });
    await peer.call("session/pause", { sessionId });
    const changed = await peer.call("session/get", { sessionId });
    const back = await peer.call("checkpoint/restore", { sessionId });
    const { restored, undo, seq: _, ...shown } = back;
    expect(restored).toBe(made.checkpointId);
    expect(kept(shown)).toEqual(kept(before));
    expect(await peer.call("session/get", { sessionId })).toEqual(shown);
    // What happened stays in the audit trail.
    expect(back.activities).toBe(2);
    expect(await said(peer, sessionId)).toEqual(["one", "two"]);
    await say(peer, sessionId, "other three");
    expect(await said(peer, sessionId)).toEqual(["one", "two", "other three"]);
    expect(await said(peer, sessionId, "newest")).toEqual(["other three", "two", "one"]);
    await peer.call("checkpoint/restore", { sessionId, checkpointId: undo });
    expect(kept(await peer.call("session/get", { sessionId }))).toEqual(kept(changed));
    expect(await said(peer, sessionId)).toEqual(["one", "two", "three"]);
  });

  it("S0.14 take the newest that somebody asked for, and list all of them, newest first", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { purpose: "0" });
    for (const purpose of ["1", "2"]) {
      await peer.call("session/update", { sessionId, purpose });
      await peer.call("checkpoint/create", { sessionId, label: purpose });
    }
    await peer.call("session/update", { sessionId, purpose: "3" });
    for (let time = 0; time < 2; time += 1)
      expect(await peer.call("checkpoint/restore", { sessionId })).toMatchObject({ purpose: "2" });
    const { items, total } = await peer.call("checkpoint/list", { sessionId });
    expect(items.map(({ label, automatic }) => [label, automatic])).toEqual([
      ["before restoring 2", true],
      ["before restoring 2", true],
      ["2", false],
      ["1", false],
    ]);
    expect(total).toBe(4);
    expect((await peer.call("session/get", { sessionId })).checkpoints).toBe(4);
    const first = await peer.call("checkpoint/list", { sessionId, limit: 3 });
    const cursor = first.nextCursor ?? "";
    expect(await peer.call("checkpoint/list", { sessionId, limit: 3, cursor })).toEqual({
      items: items.slice(3),
      total: 4,
    });
    expect(first.items).toEqual(items.slice(0, 3));
    await expect(peer.call("checkpoint/list", { sessionId, cursor: "x" })).rejects.toMatchObject({
      type: "invalid_params",
    });
  });

  it("are deleted one by one", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const { checkpointId } = await peer.call("checkpoint/create", { sessionId });
    await peer.call("checkpoint/delete", { sessionId, checkpointId });
    for (const method of ["checkpoint/delete", "checkpoint/restore"] as const)
      await expect(peer.call(method, { sessionId, checkpointId })).rejects.toMatchObject({
        type: "checkpoint_not_found",
      });
    await expect(peer.call("checkpoint/restore", { sessionId })).rejects.toMatchObject({
      message: `Session "${sessionId}" has no checkpoint.`,
    });
  });

  it("are seen by whoever asks right behind their creation, on the same connection", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { purpose: "p" });
    const [made, back] = await Promise.all([
      peer.call("checkpoint/create", { sessionId }),
      peer.call("checkpoint/restore", { sessionId }),
    ]);
    expect(back.restored).toBe(made.checkpointId);
  });

  it("are restored once under one key, also after the checkpoint was deleted", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { purpose: "p" });
    const { checkpointId } = await peer.call("checkpoint/create", { sessionId });
    const restore = { sessionId, idempotencyKey: "restore-once" };
    const [first, same] = await Promise.all([
      peer.call("checkpoint/restore", restore),
      peer.call("checkpoint/restore", restore),
    ]);
    expect(same).toEqual(first);
    await peer.call("checkpoint/delete", { sessionId, checkpointId });
    expect(await peer.call("checkpoint/restore", restore)).toEqual(first);
    expect((await peer.call("session/get", { sessionId })).checkpoints).toBe(1);
  });

  it("tell subscribers what happened, and no secret", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { environment: { API_TOKEN: "hunter2" } });
    await peer.call("event/subscribe", { sessionIds: [sessionId], types: ["checkpoint/*"] });
    const { checkpointId } = await peer.call("checkpoint/create", { sessionId, label: "l" });
    const { undo } = await peer.call("checkpoint/restore", { sessionId });
    await peer.call("checkpoint/delete", { sessionId, checkpointId: undo });
    await until("the events", () => peer.events.length === 4);
    expect(peer.events.map(({ type, data }) => [type, data])).toMatchObject([
      ["checkpoint/created", { checkpointId, label: "l", automatic: false, status: "active", messages: 0 }],
      ["checkpoint/created", { checkpointId: undo, label: "before restoring l", automatic: true }],
      ["checkpoint/restored", { checkpointId, status: "active" }],
      ["checkpoint/deleted", { checkpointId: undo }],
    ]);
    expect(JSON.stringify(peer.events)).not.toContain("hunter2");
  });
});

describe("a restore", () => {
  it("revives a session that has ended, and its limits hold again", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { idleTimeoutMs: 1_000 } });
    await peer.call("checkpoint/create", { sessionId });
    await peer.call("session/end", { sessionId, status: "failed", reason: "r" });
    const back = await peer.call("checkpoint/restore", { sessionId });
    expect([back.status, back.endedAt, back.endReason]).toEqual(["active", undefined, undefined]);
    await peer.call("command/run", { sessionId, argv: ["true"] });
    await until("it to idle out", async () => {
      return (await peer.call("session/get", { sessionId })).status === "timed_out";
    });
  });

  it("stops what runs, where the session had ended then", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("checkpoint/create", { sessionId, label: "active" });
    await peer.call("session/end", { sessionId });
    const ended = await peer.call("checkpoint/create", { sessionId, label: "ended" });
    const [, active] = (await peer.call("checkpoint/list", { sessionId })).items;
    await peer.call("checkpoint/restore", { sessionId, checkpointId: active?.checkpointId ?? "" });
    const { commandId } = await peer.call("command/start", { sessionId, argv: ["sleep", "60"] });
    const { checkpointId } = ended;
    expect(await peer.call("checkpoint/restore", { sessionId, checkpointId })).toMatchObject({
      status: "completed",
    });
    const { cause } = await peer.call("command/wait", { commandId });
    expect(cause).toBe("session_ended");
  });

  it("leaves an archived session as it is", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("checkpoint/create", { sessionId });
    await peer.call("session/end", { sessionId });
    const archived = await peer.call("session/archive", { sessionId });
    await expect(peer.call("checkpoint/restore", { sessionId })).rejects.toMatchObject({
      type: "session_not_active",
      hint: expect.stringContaining("archive") as string,
    });
    const { seq: _, ...shown } = archived;
    expect(await peer.call("session/get", { sessionId })).toEqual(shown);
  });

  it("hides a long conversation, and neither order reads into it", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    await say(peer, sessionId, "first");
    await peer.call("checkpoint/create", { sessionId });
    const many = Array.from({ length: 1_000 }, (_, index) => `hidden ${index}`);
    await Promise.all(many.map((content) => say(peer, sessionId, content)));
    await peer.call("checkpoint/restore", { sessionId });
    await say(peer, sessionId, "last");
    await daemon().restart();
    const again = await daemon().peer();
    expect(await said(again, sessionId)).toEqual(["first", "last"]);
    expect(await said(again, sessionId, "newest")).toEqual(["last", "first"]);
    expect((await again.call("message/list", { sessionId })).total).toBe(2);
  });
});
