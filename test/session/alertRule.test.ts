import { describe, expect, it } from "vitest";

import { DEFAULT_ALERT_RULES, defaultRule, evolveAlertRule, ruleIdOf } from "../../src/session/alertRule.js";
import type { Command } from "../../src/session/commands.js";
import { AlertModel } from "./alertModel.js";

type Fields = Extract<Command, { type: "alert/set-rule" }>["fields"];

const sets = (ruleId: string, fields: Fields): Command => ({ type: "alert/set-rule", ruleId, fields });
const deletes = (ruleId: string): Command => ({ type: "alert/delete-rule", ruleId });
const CPU = { metric: "session.cpuPercent", comparison: "above", threshold: 90 } as const;
const refused = (type: string, message: RegExp): object => ({
  refusal: expect.objectContaining({ type, message: expect.stringMatching(message) as string }) as object,
});

describe("a rule", () => {
  it("is made with what is usual, and changed in the parts that are given", () => {
    const model = new AlertModel();
    model.do(sets("cpu", CPU));
    expect(model.rules.get("cpu")).toEqual({
      ruleId: "cpu",
      name: undefined,
      ...CPU,
      resolveThreshold: 90,
      forMs: 0,
      scope: {},
      severity: "warning",
      deliver: [],
      enabled: true,
      createdAt: 1_000,
      updatedAt: 1_000,
    });
    model.do(sets("cpu", { name: "Busy", resolveThreshold: 70, scope: { tags: ["ci"] }, enabled: false }));
    expect(model.rules.get("cpu")).toMatchObject({ name: "Busy", threshold: 90, resolveThreshold: 70 });
    expect(model.rules.get("cpu")).toMatchObject({ enabled: false, createdAt: 1_000, updatedAt: 2_000 });
    model.do(sets("cpu", { forMs: 5, severity: "info" }));
    expect(model.rules.get("cpu")).toMatchObject({
      name: "Busy",
      resolveThreshold: 70,
      forMs: 5,
      severity: "info",
    });
    // One that moves takes the other along; null brings it back to it.
    model.do(sets("cpu", { threshold: 60, name: null }));
    expect(model.rules.get("cpu")).toMatchObject({ name: undefined, threshold: 60, resolveThreshold: 60 });
    model.do(sets("cpu", { resolveThreshold: 50 }));
    model.do(sets("cpu", { resolveThreshold: null }));
    expect(model.rules.get("cpu")).toMatchObject({ resolveThreshold: 60 });
  });

  it("is refused where it is not whole, or would never be quiet", () => {
    const model = new AlertModel([], { alertTargetsLength: 100 });
    const { metric, comparison, threshold } = CPU;
    for (const part of [
      {},
      { metric },
      { metric, comparison },
      { metric, threshold },
      { comparison, threshold },
    ])
      expect(model.do(sets("new", part))).toEqual(refused("invalid_params", /not whole/));
    expect(model.do(sets("new", { ...CPU, resolveThreshold: 91 }))).toEqual(
      refused("invalid_params", /at most 90/),
    );
    const below = { ...CPU, comparison: "below", resolveThreshold: 89 } as const;
    expect(model.do(sets("new", below))).toEqual(refused("invalid_params", /at least 90/));
    for (const scope of [{ sessionId: "s" }, { tags: ["a"] }]) {
      const system = sets("new", { ...CPU, metric: "system.diskFreeBytes", scope });
      expect(model.do(system)).toEqual(refused("invalid_params", /of no session/));
    }
    const long = [{ kind: "command" as const, argv: ["x".repeat(100)], timeoutMs: 1 }];
    expect(model.do(sets("new", { ...CPU, deliver: long }))).toEqual(
      refused("limit_reached", /100 are allowed/),
    );
    expect(model.rules.size).toBe(0);
  });

  it("is one of so many, those that come with the daemon left out", () => {
    const model = new AlertModel([], { alertRules: 1 });
    model.do(sets("one", CPU));
    expect(model.do(sets("two", CPU))).toEqual(refused("limit_reached", /no more than 1/));
    expect(model.do(sets("one", { threshold: 1 }))).toHaveProperty("events.length", 1);
  });

  it("may come with the daemon: it is changed in parts, and deleted it is as it came", () => {
    const model = new AlertModel();
    model.do(sets("disk-low", { enabled: false }));
    expect(model.rules.get("disk-low")).toMatchObject({ ...defaultRule("disk-low"), enabled: false });
    expect(model.do(deletes("disk-low"))).toHaveProperty("events.length", 1);
    expect(model.rules.size).toBe(0);
    expect(model.do(deletes("disk-low"))).toEqual({ events: [] });
    expect(model.do(deletes("nobody"))).toEqual(refused("alert_rule_not_found", /nobody/));
  });

  it("that comes with the daemon could be set like any other", () => {
    for (const { ruleId, ...fields } of DEFAULT_ALERT_RULES) {
      const model = new AlertModel();
      model.do(sets(`own-${ruleId}`, fields));
      expect(model.rules.get(`own-${ruleId}`)).toMatchObject(fields);
    }
  });

  it("is left alone by the events of others", () => {
    const touched = { type: "session/touched", sessionId: "s", data: {} } as const;
    const rule = { ...(DEFAULT_ALERT_RULES[0] ?? expect.fail()), createdAt: 1, updatedAt: 1 };
    expect(evolveAlertRule(rule, touched, { seq: 1, at: 1, up: 1 })).toBe(rule);
    expect(ruleIdOf(touched)).toBeUndefined();
  });
});
