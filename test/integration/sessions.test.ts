import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import { itOnFiles } from "../support/storage.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });
const NEVER = "11111111-1111-7111-8111-111111111111";

describe("a session from its creation to its deletion", () => {
  it("S1.4 is created with all that is given, and answered whole", async () => {
    const peer = await daemon().peer();
    const given = {
      sessionId: "whole.one_1-x",
      name: "whole",
      purpose: "to see all of it",
      description: "nothing is left out",
      userId: "ann",
      workingDirectory: "/tmp",
      tags: ["a", "b"],
      metadata: { model: "m", nested: { list: [1, null, "…"] } },
      environment: { LANG: "C" },
    };
    const created = await peer.call("session/create", given);
    expect(created).toMatchObject({ ...given, status: "active", activities: 0 });
    expect(created.seq).toBe(created.createdSeq);
    const { seq: _, ...shown } = created;
    expect(await peer.call("session/get", { sessionId: "whole.one_1-x" })).toEqual(shown);
    const child = await peer.call("session/create", { parentId: created.sessionId });
    expect(child.parentId).toBe(created.sessionId);
    expect(child.sessionId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
  });

  it("S1.4 an unknown id, a taken id and an invalid id are errors of their own kind", async () => {
    const peer = await daemon().peer();
    await peer.call("session/create", { sessionId: "taken" });
    const failures = [
      [() => peer.call("session/get", { sessionId: NEVER }), "session_not_found"],
      [() => peer.call("session/create", { parentId: NEVER }), "session_not_found"],
      [() => peer.call("session/create", { sessionId: "taken" }), "session_exists"],
      [() => peer.call("session/get", { sessionId: "../../etc/passwd" }), "invalid_params"],
      [() => peer.call("session/create", { sessionId: ".hidden" }), "invalid_params"],
    ] as const;
    for (const [call, type] of failures) await expect(call()).rejects.toMatchObject({ type });
  });

  it("S1.4 changes what an update gives, and removes a text by null", async () => {
    const peer = await daemon().peer();
    const first = await peer.call("session/create", {
      name: "old",
      purpose: "gone soon",
      tags: ["a"],
      metadata: { kept: 1, changed: 1 },
      config: { idleTimeoutMs: 5_000, retry: { maxAttempts: 3 } },
    });
    const { sessionId } = first;
    const changed = await peer.call("session/update", {
      sessionId,
      name: "new",
      purpose: null,
      tags: [],
      metadata: { changed: 2 },
      config: { retry: { jitter: 0 } },
    });
    expect(changed).toMatchObject({ name: "new", tags: [], metadata: { kept: 1, changed: 2 } });
    expect(changed).not.toHaveProperty("purpose");
    expect(changed.config).toEqual({ ...first.config, retry: { ...first.config.retry, jitter: 0 } });
    const same = await peer.call("session/update", { sessionId });
    expect(same.seq).toBeGreaterThanOrEqual(changed.seq);
    expect(same.updatedAt).toBe(changed.updatedAt);
  });

  it("S4.4 ends as completed, failed or abandoned, once", async () => {
    const peer = await daemon().peer();
    for (const status of ["completed", "failed", "abandoned"] as const) {
      const { sessionId } = await peer.call("session/create");
      const ended = await peer.call("session/end", { sessionId, status, reason: `was ${status}` });
      expect(ended).toMatchObject({ status, endReason: `was ${status}` });
      const again = await peer.call("session/end", { sessionId, status, reason: "another reason" });
      expect(again).toMatchObject({ status, endReason: `was ${status}`, endedAt: ended.endedAt });
      const other = status === "failed" ? "completed" : "failed";
      const refused = peer.call("session/end", { sessionId, status: other });
      await expect(refused).rejects.toMatchObject({ type: "invalid_transition", details: { status } });
    }
  });

  it("S4.4 nothing is done in an ended session, and only reading in an archived one", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await expect(peer.call("session/archive", { sessionId })).rejects.toMatchObject({
      type: "invalid_transition",
      hint: expect.stringContaining("session/end"),
    });
    await peer.call("session/end", { sessionId });
    const works = [
      () => peer.call("session/touch", { sessionId }),
      () => peer.call("session/record", { sessionId, action: "late" }),
      () => peer.call("session/update", { sessionId, name: "late" }),
      () => peer.call("session/heartbeat", { sessionId }),
      () => peer.call("metadata/set", { sessionId, key: "k", value: 1 }),
      () => peer.call("command/start", { sessionId, argv: ["true"] }),
    ];
    for (const work of works) await expect(work()).rejects.toMatchObject({ type: "session_not_active" });
    for (const move of ["session/pause", "session/resume"] as const) {
      await expect(peer.call(move, { sessionId })).rejects.toMatchObject({ type: "invalid_transition" });
    }
    const archived = await peer.call("session/archive", { sessionId });
    expect(archived).toMatchObject({ status: "completed", archivedAt: expect.any(String) as string });
    expect((await peer.call("session/get", { sessionId })).archivedAt).toBe(archived.archivedAt);
  });

  it("S1.2 a paused session takes no work until it is resumed", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    expect(await peer.call("session/pause", { sessionId, reason: "lunch" })).toMatchObject({
      status: "paused",
    });
    await expect(peer.call("session/record", { sessionId, action: "x" })).rejects.toMatchObject({
      type: "session_not_active",
      hint: expect.stringContaining("session/resume"),
    });
    expect(await peer.call("session/heartbeat", { sessionId })).toEqual({ status: "paused" });
    expect(await peer.call("session/resume", { sessionId })).toMatchObject({ status: "active" });
    expect(await peer.call("session/resume", { sessionId })).toMatchObject({ status: "active" });
    await peer.call("session/record", { sessionId, action: "x" });
  });

  itOnFiles("S4.4 deletes a session with all of its own, and nothing else", async () => {
    const peer = await daemon().peer();
    const content = join(daemon().dataDir, "content");
    const create = () =>
      peer.call("session/create", { sessionId: "archive", config: { autoSaveIntervalMs: 100 } });
    const folderOf = async (createdSeq: number): Promise<string | undefined> =>
      (await readdir(content)).find((name) => name === `archive~${createdSeq}`);
    const first = await create();
    const { sessionId } = first;
    await expect(peer.call("session/delete", { sessionId })).rejects.toMatchObject({
      type: "invalid_transition",
    });
    await peer.call("session/record", { sessionId, action: "x" });
    await until("the save", () => folderOf(first.createdSeq));
    await writeFile(join(daemon().folder, "outside"), "stays");
    await peer.call("session/end", { sessionId });
    await peer.call("session/delete", { sessionId });
    await expect(peer.call("session/get", { sessionId })).rejects.toMatchObject({
      type: "session_not_found",
    });
    await until("the folder to go", async () => (await folderOf(first.createdSeq)) === undefined);
    expect(await readFile(join(daemon().folder, "outside"), "utf8")).toBe("stays");

    // The id is free again, and its new owner finds nothing of the old one.
    const second = await create();
    expect(second.createdSeq).toBeGreaterThan(first.createdSeq);
    expect((await peer.call("session/activities", { sessionId })).items).toEqual([]);
  });
});

describe("figures of a session", () => {
  it("S4.1 S0.4 totals follow what is recorded and what runs", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const usage = { tool: "grep", durationMs: 40, inputTokens: 10, outputTokens: 3, costUsd: 0.25 };
    await peer.call("session/record", { sessionId, action: "search", usage });
    await peer.call("session/record", { sessionId, action: "search", usage });
    await peer.call("session/record", { sessionId, action: "think", usage: { inputTokens: 5 } });
    await peer.call("command/run", { sessionId, argv: ["/bin/true"] });
    await peer.call("command/run", { sessionId, argv: ["/bin/false"] });
    const stats = await peer.call("session/stats", { sessionId });
    expect(stats).toMatchObject({
      status: "active",
      activities: 3,
      commands: { total: 2, running: 0, succeeded: 1, failed: 1, retries: 0 },
    });
    const { totals } = stats;
    expect(totals).toMatchObject({
      invocations: 4,
      toolsUsed: { grep: 2, true: 1, false: 1 },
      tokenUsage: { input: 25, output: 6 },
      estimatedCostUsd: 0.5,
    });
    expect(totals.durationMs).toBeGreaterThanOrEqual(80);
    expect((await peer.call("session/get", { sessionId })).totals).toEqual(totals);
  });

  it("S0.4 the whole is counted by status", async () => {
    const peer = await daemon().peer();
    const before = await peer.call("daemon/status");
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/record", { sessionId, action: "x" });
    await peer.call("command/run", { sessionId, argv: ["true"] });
    await peer.call("session/end", { sessionId, status: "abandoned" });
    const after = await peer.call("daemon/status");
    const ended = (status: typeof after): number => status.sessions.byStatus["abandoned"] ?? 0;
    expect(after.sessions.total).toBe(before.sessions.total + 1);
    expect(ended(after)).toBe(ended(before) + 1);
    expect(after.activities).toBe(before.activities + 1);
    expect(after.commands.total).toBe(before.commands.total + 1);
    expect(after.commands.running).toBe(0);
    expect(after.pid).toBe(daemon().process.pid);
    expect(await peer.call("daemon/health")).toMatchObject({ status: "ok" });
  });
});
