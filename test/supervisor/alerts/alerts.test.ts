import { describe, expect, it } from "vitest";

import { LIMITS } from "../../../src/protocol/limits.js";
import type { AlertRuleFields } from "../../../src/session/alertState.js";
import { session } from "../../session/samples.js";
import { AlertBench } from "./bench.js";

type Metric = AlertRuleFields["metric"];
const above = (metric: Metric, threshold: number, more: object = {}) =>
  ({ metric, comparison: "above", threshold, ...more }) as const;

describe("Alerts", () => {
  it("fire for each session by itself, and resolve by the other threshold", async () => {
    const bench = new AlertBench();
    for (const sessionId of ["a", "b"]) bench.session({ sessionId });
    await bench.rule("busy", above("session.cpuPercent", 90, { resolveThreshold: 50, forMs: 2_000 }));
    bench.samples.set("a", { cpuPercent: 95, memoryBytes: 1, processes: 1 });
    expect(await bench.pass(2)).toEqual([]);
    expect(await bench.pass(1)).toEqual(["busy fired a"]);
    bench.samples.set("a", { cpuPercent: 70, memoryBytes: 1, processes: 1 });
    expect(await bench.pass(5)).toEqual([]);
    // Nothing of it runs any more.
    bench.samples.delete("a");
    expect(await bench.pass(2)).toEqual([]);
    expect(await bench.pass(1)).toEqual(["busy resolved condition"]);
    expect(bench.alerts.open).toEqual([]);
  });

  it("know nothing of processes before somebody has looked, and where nobody looks", async () => {
    const bench = new AlertBench();
    const { commands } = session();
    bench.session({ sessionId: "a", commands: { ...commands, running: 1 } });
    await bench.rule("idle", { metric: "session.processes", comparison: "below", threshold: 1 });
    await bench.rule("disk", above("session.diskBytes", 0));
    expect(await bench.pass(2)).toEqual([]);
    bench.session({ sessionId: "a" });
    bench.open({ metrics: undefined });
    expect(await bench.pass(2)).toEqual([]);
    bench.open();
    expect(await bench.pass(2)).toEqual(["idle fired a"]);
    bench.samples.set("a", { cpuPercent: 0, memoryBytes: 1, processes: 1, diskBytes: 5 });
    expect(await bench.pass(1)).toEqual(["idle resolved condition", "disk fired a"]);
  });

  it("watch every metric that there is", async () => {
    const bench = new AlertBench();
    bench.session({ sessionId: "a", lastActivityUp: 1_000 });
    bench.samples.set("a", { cpuPercent: 1, memoryBytes: 1, processes: 1, diskBytes: 1 });
    bench.figures = { loopP99Ms: 3, connections: 2 };
    for (const rate of ["errors", "commands", "activities"] as const) bench.alerts.rates.count("a", rate, 7);
    const { alertMetric } = await import("../../../src/protocol/alertRule.js");
    const metrics = alertMetric().options;
    for (const metric of metrics) await bench.registerRule(metric);
    await bench.pass(1);
    const values = new Map(bench.all.map(({ metric, value }) => [metric, value]));
    expect([...values.keys()].toSorted()).toEqual([...metrics].toSorted());
    expect(values.get("session.idleMs")).toBe(bench.clock.upMs() - 1_000);
    expect(values.get("system.cpuPercent")).toBe(12.35);
    expect(values.get("daemon.sessions")).toBe(1);
    expect(values.get("daemon.errorsPerMinute")).toBe(7);
    expect(values.get("daemon.journalReadOnly")).toBe(0);
    expect(values.get("system.diskFreePercent")).toBeLessThanOrEqual(100);
  });

  it("say that the journal takes no writes, once it does", async () => {
    const bench = new AlertBench();
    bench.journal.state = "full";
    bench.failure = new Error("the disk is full");
    expect(await bench.pass(13)).toEqual([]);
    // A line, and not one a second.
    expect(bench.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    bench.failure = undefined;
    expect(await bench.pass(1)).toEqual(["journal-read-only fired -"]);
    bench.journal.state = "ok";
    expect(await bench.pass(11)).toEqual(["journal-read-only resolved condition"]);
  });

  it("resolve what nobody looks at any more, and say why", async () => {
    const bench = new AlertBench();
    const rules = ["deleted", "disabled", "changed", "scoped", "ended"];
    for (const ruleId of rules) {
      bench.session({ sessionId: ruleId, tags: ["t"] });
      bench.samples.set(ruleId, { cpuPercent: 1, memoryBytes: 5, processes: 5 });
      await bench.rule(ruleId, above("session.processes", 1, { scope: { sessionId: ruleId } }));
    }
    expect(await bench.pass(1)).toEqual(rules.map((ruleId) => `${ruleId} fired ${ruleId}`));
    await bench.do({ type: "alert/delete-rule", ruleId: "deleted" });
    await bench.rule("disabled", { enabled: false });
    await bench.rule("changed", { metric: "session.memoryBytes" });
    await bench.rule("scoped", { scope: { sessionId: "scoped", tags: ["u"] } });
    bench.session({ sessionId: "ended", status: "completed" });
    expect((await bench.pass(1)).toSorted()).toEqual([
      "changed resolved rule_changed",
      "deleted resolved rule_deleted",
      "disabled resolved rule_disabled",
      "ended resolved session_ended",
      "scoped resolved out_of_scope",
    ]);
    expect(await bench.pass(1)).toEqual(["changed fired changed"]);
  });

  it("go on after a crash: what is open does not fire again, and what is over resolves", async () => {
    const bench = new AlertBench();
    for (const sessionId of ["a", "b"]) {
      bench.session({ sessionId });
      bench.samples.set(sessionId, { cpuPercent: 1, memoryBytes: 1, processes: 9 });
    }
    await bench.rule("many", above("session.processes", 5));
    expect(await bench.pass(1)).toEqual(["many fired a", "many fired b"]);
    bench.samples.delete("b");
    bench.open();
    expect(await bench.pass(3)).toEqual(["many resolved condition"]);
    expect(bench.alerts.open).toMatchObject([{ sessionId: "a" }]);
  });

  it("keep so many that are over, and look only at sessions with all tags of a rule", async () => {
    const bench = new AlertBench();
    bench.session({ sessionId: "a", tags: ["x", "y"] });
    bench.session({ sessionId: "b", tags: ["x"] });
    for (const sessionId of ["a", "b"])
      bench.samples.set(sessionId, { cpuPercent: 1, memoryBytes: 1, processes: 9 });
    await bench.rule("tagged", above("session.processes", 5, { scope: { tags: ["x", "y"] } }));
    expect(await bench.pass(1)).toEqual(["tagged fired a"]);
    for (let turn = 0; turn < LIMITS.pastAlerts + 5; turn += 1) {
      bench.samples.delete("a");
      await bench.pass(1);
      bench.samples.set("a", { cpuPercent: 1, memoryBytes: 1, processes: 9 });
      await bench.pass(1);
    }
    expect(bench.all).toHaveLength(LIMITS.pastAlerts + 1);
    expect(bench.all.at(-1)).toMatchObject({ resolvedAt: undefined });
  });
});
