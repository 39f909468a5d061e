import { describe, expect, it } from "vitest";

import { alertIdOf, evolveAlert, isDone, isPast, sessionConcerned } from "../../src/session/alert.js";
import type { Alert } from "../../src/session/alertState.js";
import type { Command } from "../../src/session/commands.js";
import { AlertModel } from "./alertModel.js";
import { session } from "./samples.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

const HOOK = { kind: "command" as const, argv: ["tell"], timeoutMs: 1_000 };
const rule = (ruleId: string, deliver: Alert["deliver"] = []): Of<"alert/set-rule"> => ({
  type: "alert/set-rule",
  ruleId,
  fields: { metric: "session.processes", comparison: "above", threshold: 3, deliver },
});
const fires = (alertId: string, ruleId: string, about?: string): Of<"alert/fire"> => ({
  type: "alert/fire",
  alertId,
  ruleId,
  about,
  value: 4,
});
const resolves = (alertId: string): Of<"alert/resolve"> => ({
  type: "alert/resolve",
  alertId,
  value: 1,
  reason: "condition",
});
const reports = (alertId: string, transition: "fired" | "resolved"): Of<"alert/report-delivery"> => ({
  type: "alert/report-delivery",
  alertId,
  transition,
  deliveries: [{ transition, kind: "command", target: "tell", status: "delivered", attempts: 1 }],
});
const NOTHING = { events: [] };

function modelWith(...commands: readonly Command[]): AlertModel {
  const model = new AlertModel([session(), session({ sessionId: "over", status: "completed" })], {
    openAlerts: 2,
  });
  for (const command of commands) model.do(command);
  return model;
}

describe("an alert", () => {
  it("fires once for a rule and a session, and again only after it has resolved", () => {
    const model = modelWith(rule("r"), fires("a1", "r", "s"));
    expect(model.alerts.get("a1")).toMatchObject({
      ruleId: "r",
      sessionId: "s",
      metric: "session.processes",
      threshold: 3,
      value: 4,
      firedAt: 2_000,
      firedSeq: 2,
      awaiting: [],
    });
    expect(model.do(fires("a2", "r", "s"))).toEqual(NOTHING);
    expect(model.do(resolves("a1"))).toHaveProperty("events.length", 1);
    expect(model.alerts.get("a1")).toMatchObject({
      resolvedAt: 3_000,
      resolvedValue: 1,
      resolveReason: "condition",
    });
    expect(model.do(resolves("a1"))).toEqual(NOTHING);
    expect(model.do(fires("a2", "r", "s"))).toHaveProperty("events.length", 1);
    expect([...model.alerts.values()].map(isPast)).toEqual([true, false]);
  });

  it("fires for no rule that is gone or off, and for no session that is", () => {
    const model = modelWith(rule("r"), rule("off"));
    model.do({ type: "alert/set-rule", ruleId: "off", fields: { enabled: false } });
    for (const asked of [
      fires("a", "gone", "s"),
      fires("a", "off", "s"),
      fires("a", "r", "x"),
      fires("a", "r", "over"),
    ])
      expect(model.do(asked)).toEqual(NOTHING);
  });

  it("fires for a rule that nobody made", () => {
    const model = modelWith(fires("a", "disk-low"));
    expect(model.alerts.get("a")).toMatchObject({ metric: "system.diskFreePercent", sessionId: undefined });
  });

  it("is one of so many that are open, or still to be told of", () => {
    const model = modelWith(rule("r", [HOOK]), fires("a1", "r", "s"), resolves("a1"), fires("a2", "r", "s"));
    expect(model.do(fires("a3", "disk-low"))).toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "openAlerts", bound: 2 } },
    });
    model.do(reports("a1", "fired"));
    model.do(reports("a1", "resolved"));
    expect(model.do(fires("a4", "disk-low"))).toHaveProperty("events.length", 1);
  });

  it("keeps whom it tells until all of it is told, in order, and no longer", () => {
    const model = modelWith(rule("r", [HOOK]), fires("a", "r", "s"));
    const alert = (): Alert => model.alerts.get("a") ?? expect.fail();
    expect(alert()).toMatchObject({ awaiting: ["fired"], deliver: [HOOK] });
    // What the rule says later is nothing to an alert that has fired.
    model.do({ type: "alert/delete-rule", ruleId: "r" });
    model.do({ ...resolves("a"), value: undefined, reason: "rule_deleted" });
    expect(alert()).toMatchObject({ awaiting: ["fired", "resolved"], deliver: [HOOK] });
    model.do(reports("a", "fired"));
    expect(alert()).toMatchObject({ awaiting: ["resolved"], deliver: [HOOK] });
    expect(isDone(alert())).toBe(false);
    expect(model.do(reports("a", "fired"))).toEqual(NOTHING);
    model.do(reports("a", "resolved"));
    expect(alert()).toMatchObject({ awaiting: [], deliver: [] });
    expect(alert().deliveries.map(({ transition }) => transition)).toEqual(["fired", "resolved"]);
    expect(isDone(alert())).toBe(true);
  });

  it("is acknowledged, also once it is over, and the same again changes nothing", () => {
    const model = modelWith(rule("r"), fires("a", "r", "s"));
    const acknowledges = { type: "alert/acknowledge", alertId: "a", by: "me", note: "on it" } as const;
    model.do(acknowledges);
    expect(model.alerts.get("a")).toMatchObject({
      acknowledgedAt: 3_000,
      acknowledgedBy: "me",
      note: "on it",
    });
    expect(model.do(acknowledges)).toEqual(NOTHING);
    expect(model.do({ ...acknowledges, by: "you" })).toHaveProperty("events.length", 1);
    model.do(resolves("a"));
    expect(model.do({ ...acknowledges, note: undefined })).toHaveProperty("events.length", 1);
  });

  it("that nobody knows is refused to a caller, and nothing to the daemon", () => {
    const model = modelWith();
    expect(model.do({ type: "alert/acknowledge", alertId: "x" })).toMatchObject({
      refusal: { type: "alert_not_found" },
    });
    expect(model.do(resolves("x"))).toEqual(NOTHING);
    expect(model.do(reports("x", "fired"))).toEqual(NOTHING);
  });

  it("is left alone by the events of others, and names the session that its own are about", () => {
    const model = modelWith(rule("r"), fires("a", "r", "s"));
    const stamp = { seq: 9, at: 9, up: 9 };
    const touched = { type: "session/touched", sessionId: "t", data: {} } as const;
    expect(evolveAlert(model.alerts.get("a"), touched, stamp)).toBe(model.alerts.get("a"));
    expect([alertIdOf(touched), sessionConcerned(touched)]).toEqual([undefined, "t"]);
    model.do({ type: "alert/acknowledge", alertId: "a" });
    model.do(resolves("a"));
    expect(model.events.map(sessionConcerned)).toEqual([undefined, "s", "s", "s"]);
    // The journal may begin behind the event that it fired by.
    const [, , , resolved = expect.fail()] = model.events;
    expect(evolveAlert(undefined, resolved, stamp)).toBeUndefined();
  });
});
