import { describe, expect, it } from "vitest";

import type { EventShape } from "../../client/index.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { itOnFiles } from "../support/storage.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });

/** More than any disk has. */
const ALL_BYTES = 1e18;

const open = async (peer: Peer, ruleId: string) =>
  (await peer.call("alert/list", { status: "open", ruleId })).items;
const opened = (peer: Peer, ruleId: string) =>
  until(`an alert of ${ruleId}`, async () => (await open(peer, ruleId))[0]);
const resolved = (peer: Peer, ruleId: string) =>
  until(`${ruleId} to resolve`, async () => {
    const { items } = await peer.call("alert/list", { status: "resolved", ruleId });
    return (await open(peer, ruleId)).length === 0 ? items[0] : undefined;
  });

/** The alert events of a rule that the journal has. */
async function eventsOf(daemon: TestDaemon, ruleId: string, type: EventShape["type"]): Promise<EventShape[]> {
  const client = await daemon.client();
  const { journal } = await client.daemon.status();
  const events: EventShape[] = [];
  // What marks the end: nothing else is written to this rule.
  await client.alert.setRule({
    ruleId: "end",
    metric: "daemon.sessions",
    comparison: "above",
    threshold: 1e9,
  });
  for await (const item of client.events({ types: ["alert/*"], sinceSeq: 0 })) {
    if (item.type === "gap") continue;
    if (item.seq > journal.seq) break;
    if (item.type === type && (item.data as { ruleId?: string }).ruleId === ruleId) events.push(item);
  }
  return events;
}

describe("rules", () => {
  it("S2.8 come with the daemon, and are set, listed by their ids, and deleted", async () => {
    const peer = await suite().peer();
    const listed = await peer.call("alert/rules");
    expect(listed.items.map(({ ruleId, isDefault }) => [ruleId, isDefault])).toEqual([
      ["disk-low", true],
      ["journal-read-only", true],
      ["loop-late", true],
    ]);
    const deliver = [
      { kind: "webhook" as const, url: "http://127.0.0.1:9/x", headers: { Authorization: "Bearer hunter2" } },
    ];
    const set = await peer.call("alert/setRule", {
      ruleId: "big",
      metric: "session.memoryBytes",
      comparison: "above",
      threshold: 1e9,
      deliver,
    });
    expect(set).toMatchObject({
      resolveThreshold: 1e9,
      severity: "warning",
      enabled: true,
      isDefault: false,
    });
    expect(set.deliver).toEqual([
      { ...deliver[0], headers: { Authorization: "[redacted]" }, timeoutMs: 10_000 },
    ]);
    await peer.call("alert/setRule", { ruleId: "loop-late", enabled: false });
    const page = await peer.call("alert/rules", { limit: 2 });
    expect(page).toMatchObject({ items: [{ ruleId: "big" }, { ruleId: "disk-low" }], total: 4 });
    const next = await peer.call("alert/rules", { cursor: page.nextCursor ?? "" });
    expect(next.items).toMatchObject([
      { ruleId: "journal-read-only" },
      { ruleId: "loop-late", enabled: false },
    ]);
    for (const ruleId of ["big", "loop-late"]) await peer.call("alert/deleteRule", { ruleId });
    expect(await peer.call("alert/rules")).toEqual(listed);
    await expect(peer.call("alert/deleteRule", { ruleId: "big" })).rejects.toMatchObject({
      type: "alert_rule_not_found",
    });
  });

  it("are refused where they could not work", async () => {
    const peer = await suite().peer();
    const set = (more: object) =>
      peer.call("alert/setRule", {
        ruleId: "r",
        metric: "session.idleMs",
        comparison: "above",
        threshold: 1,
        ...more,
      });
    const urls = ["ftp://x/y", "http://user:word@x/", "nothing"].map((url) => ({
      deliver: [{ kind: "webhook", url }],
    }));
    const headers = [{ "a b": "x" }, { a: "x\ny" }].map((one) => ({
      deliver: [{ kind: "webhook", url: "http://x", headers: one }],
    }));
    const others = [
      { deliver: [{ kind: "command", argv: [] }] },
      { metric: "session.mood" },
      { resolveThreshold: 2 },
      { metric: "daemon.sessions", scope: { tags: ["x"] } },
    ];
    for (const wrong of [...urls, ...headers, ...others])
      await expect(set(wrong), JSON.stringify(wrong)).rejects.toMatchObject({ type: "invalid_params" });
    await expect(
      peer.call("alert/setRule", { ruleId: "r", deliver: [], threshold: 1 }),
    ).rejects.toMatchObject({ type: "invalid_params" });
  });
});

describe("alerts", () => {
  it("S2.8 fire by the errors of a minute, and are told to who subscribes to the session", async () => {
    const client = await suite().client();
    const peer = await suite().peer();
    const { sessionId } = await peer.call("session/create", { tags: ["watched"] });
    await peer.call("session/create", {});
    await peer.call("alert/setRule", {
      ruleId: "errors",
      name: "Many errors",
      metric: "session.errorsPerMinute",
      comparison: "above",
      threshold: 2,
      severity: "critical",
      scope: { tags: ["watched"] },
    });
    const { seq } = await client.metadata.set({ sessionId, key: "k", value: 1 });
    await peer.call("command/run", { sessionId, argv: ["false"] });
    await peer.call("log/write", { sessionId, level: "error", message: "no" });
    await peer.call("invocation/link", { sessionId, tool: "t", status: "failed" });
    for await (const item of client.events({ sessionIds: [sessionId], sinceSeq: seq })) {
      if (item.type !== "alert/fired") continue;
      expect(item.data).toMatchObject({
        ruleId: "errors",
        name: "Many errors",
        sessionId,
        severity: "critical",
      });
      break;
    }
    const alert = await opened(peer, "errors");
    expect(alert).toMatchObject({ value: 3, status: "open", deliveries: [], threshold: 2 });
    expect(alert.message).toBe(`session.errorsPerMinute of session ${sessionId} is above 2: 3`);
    expect(await peer.call("alert/get", { alertId: alert.alertId })).toEqual(alert);
    // What is wrong with a session is no trouble of the daemon.
    const { checks } = await peer.call("daemon/health");
    expect(checks).toContainEqual({
      name: "alerts",
      status: "ok",
      detail: `1 open: errors of session ${sessionId}`,
    });
    const acknowledged = await peer.call("alert/acknowledge", {
      alertId: alert.alertId,
      by: "me",
      note: "seen",
    });
    expect(acknowledged).toMatchObject({ status: "open", acknowledgedBy: "me", note: "seen" });
    expect((await peer.call("alert/list", { isAcknowledged: true })).total).toBe(1);
    expect((await peer.call("alert/list", { isAcknowledged: false, sessionId })).total).toBe(0);
    expect((await peer.call("alert/list", { severity: "info" })).total).toBe(0);
    // Nobody looks at a session that has ended.
    await peer.call("session/end", { sessionId });
    expect(await resolved(peer, "errors")).toMatchObject({
      resolveReason: "session_ended",
      acknowledgedBy: "me",
    });
    await expect(peer.call("alert/acknowledge", { alertId: "nobody" })).rejects.toMatchObject({
      type: "alert_not_found",
    });
    await expect(peer.call("alert/get", { alertId: "nobody" })).rejects.toMatchObject({
      type: "alert_not_found",
    });
  });

  it("S2.8 fire where the disk is too full, and resolve when it is not", async () => {
    const peer = await suite().peer();
    const rule = { ruleId: "disk", metric: "system.diskFreeBytes", comparison: "below" } as const;
    await peer.call("alert/setRule", { ...rule, threshold: ALL_BYTES });
    const alert = await opened(peer, "disk");
    expect(alert).not.toHaveProperty("sessionId");
    expect(alert.value).toBeGreaterThan(0);
    const health = await peer.call("daemon/health");
    expect(health.status).toBe("degraded");
    expect(health.checks).toContainEqual({ name: "alerts", status: "degraded", detail: "1 open: disk" });
    await peer.call("alert/setRule", { ...rule, threshold: 1 });
    expect(await resolved(peer, "disk")).toMatchObject({
      alertId: alert.alertId,
      resolveReason: "condition",
      status: "resolved",
    });
    expect((await peer.call("daemon/health")).status).toBe("ok");
    expect(await eventsOf(suite(), "disk", "alert/fired")).toHaveLength(1);
    expect(await eventsOf(suite(), "disk", "alert/resolved")).toHaveLength(1);
  });

  it("are listed page by page, the newest first, and set once under a key", async () => {
    const peer = await suite().peer();
    const set = { metric: "daemon.connections", comparison: "above", threshold: 0 } as const;
    const first = await peer.call("alert/setRule", { ...set, ruleId: "p1", idempotencyKey: "p" });
    expect(await peer.call("alert/setRule", { ...set, ruleId: "p1", idempotencyKey: "p" })).toEqual(first);
    await opened(peer, "p1");
    await peer.call("alert/setRule", { ...set, ruleId: "p2" });
    await opened(peer, "p2");
    const page = await peer.call("alert/list", { status: "open", limit: 1 });
    expect(page).toMatchObject({ items: [{ ruleId: "p2" }], total: 2 });
    const next = await peer.call("alert/list", { status: "open", limit: 1, cursor: page.nextCursor ?? "" });
    expect(next).toMatchObject({ items: [{ ruleId: "p1" }], total: 2 });
    expect(next).not.toHaveProperty("nextCursor");
    for (const ruleId of ["p1", "p2"]) await peer.call("alert/deleteRule", { ruleId });
    expect(await resolved(peer, "p1")).toMatchObject({ resolveReason: "rule_deleted" });
    const [line] = (await suite().log()).filter(({ event }) => event === "alert.fired");
    expect(line).toMatchObject({ level: "warn", msg: "Alert fired" });
  });

  itOnFiles(
    "S2.8 that are open survive a kill: they do not fire again, and what is over resolves",
    async () => {
      const daemon = await daemonForTest({ config: { journal: { minimumSnapshotBytes: 1_024 } } });
      const peer = await daemon.peer();
      const set = (of: Peer, ruleId: string, threshold: number) =>
        of.call("alert/setRule", {
          ruleId,
          name: "n".repeat(200),
          metric: "system.diskFreeBytes",
          comparison: "below",
          threshold,
        });
      await set(peer, "stays", ALL_BYTES);
      await set(peer, "goes", ALL_BYTES);
      const before = [await opened(peer, "stays"), await opened(peer, "goes")];
      await peer.call("alert/acknowledge", { alertId: before[0]?.alertId ?? "", by: "me" });
      await daemon.crash();
      const after = await daemon.peer();
      await set(after, "goes", 1);
      expect((await resolved(after, "goes")).alertId).toBe(before[1]?.alertId);
      expect(await open(after, "stays")).toMatchObject([
        { alertId: before[0]?.alertId, acknowledgedBy: "me" },
      ]);
      await daemon.restart();
      const last = await daemon.peer();
      await set(last, "goes", ALL_BYTES);
      // Once this one has fired again, every rule has been looked at since the start.
      expect((await opened(last, "goes")).alertId).not.toBe(before[1]?.alertId);
      expect(await open(last, "stays")).toMatchObject([{ alertId: before[0]?.alertId }]);
      expect(await eventsOf(daemon, "stays", "alert/fired")).toHaveLength(1);
    },
  );

  itOnFiles(
    "S2.8 on what runs are still open after a kill, before anybody has measured it anew",
    async () => {
      const daemon = await daemonForTest();
      const peer = await daemon.peer();
      await peer.call("alert/setRule", {
        ruleId: "runs",
        metric: "session.processes",
        comparison: "above",
        threshold: 0,
      });
      const { sessionId } = await peer.call("session/create");
      const { commandId } = await peer.call("command/start", { sessionId, argv: ["sleep", "1000"] });
      const { alertId } = await opened(peer, "runs");
      await daemon.crash();
      const after = await daemon.peer();
      await until("a measurement", async () => {
        const { items } = await after.call("metrics/latest", { sessionIds: [sessionId] });
        return items.length > 0;
      });
      expect(await open(after, "runs")).toMatchObject([{ alertId }]);
      expect(await eventsOf(daemon, "runs", "alert/resolved")).toEqual([]);
      await after.call("command/signal", { commandId, signal: "SIGKILL" });
      expect((await resolved(after, "runs")).alertId).toBe(alertId);
    },
  );
});
