import { describe, expect, it } from "vitest";

import { awaited } from "../../src/session/binding.js";
import type { Command } from "../../src/session/commands.js";
import type { Binding, Session } from "../../src/session/state.js";
import { decided, headOf, session, STAMP } from "./samples.js";
import { evolve } from "../../src/session/evolve.js";

const PROCESS = { pid: 42, startTicks: 7, bootId: "boot" };
const BINDING: Binding = {
  ...PROCESS,
  name: "agent",
  onExit: "exit_code",
  boundAt: 2_000,
  gone: undefined,
};
const bound = (changes: Partial<Binding> = {}): Session => session({ binding: { ...BINDING, ...changes } });

const BIND: Command = {
  type: "session/bind",
  sessionId: "s",
  ...PROCESS,
  name: "agent",
  onExit: "exit_code",
};
const gone = (changes: object = {}): Command => ({
  type: "session/process-gone",
  sessionId: "s",
  ...PROCESS,
  isOfEarlierBoot: false,
  ...changes,
});
const after = (from: Session, command: Command): Session | undefined => {
  const decision = decided(headOf([from]), command);
  if (!("events" in decision)) throw new Error(decision.refusal.message);
  return decision.events.reduce<Session | undefined>((now, event) => evolve(now, event, STAMP), from);
};
const typesOf = (from: Session, command: Command): string[] => {
  const decision = decided(headOf([from]), command);
  return "events" in decision ? decision.events.map(({ type }) => type) : [decision.refusal.type];
};

describe("a session is bound", () => {
  it("to the process that was looked at, which is activity", () => {
    const now = after(session(), BIND);
    expect(now).toMatchObject({ binding: { ...BINDING, boundAt: 9_000 }, lastActivityAt: 9_000 });
    expect(now && awaited(now)).toBe(now?.binding);
  });

  it("once: again changes nothing, and another process, policy or start takes its place", () => {
    expect(typesOf(bound(), BIND)).toEqual([]);
    for (const other of [{ pid: 43 }, { startTicks: 8 }, { bootId: "b2" }, { onExit: "fail" as const }])
      expect(after(bound(other), BIND)?.binding).toMatchObject(PROCESS);
  });

  it("while it is paused, and not once it has ended", () => {
    expect(typesOf(session({ status: "paused" }), BIND)).toEqual(["session/bound"]);
    expect(typesOf(session({ status: "completed", endedAt: 1 }), BIND)).toEqual(["session_not_active"]);
  });

  it("until it is unbound; where it is not, nothing changes", () => {
    expect(after(bound(), { type: "session/unbind", sessionId: "s" })).toMatchObject({
      status: "active",
      binding: undefined,
      updatedAt: 9_000,
      lastActivityAt: 1_000,
    });
    expect(typesOf(session(), { type: "session/unbind", sessionId: "s" })).toEqual([]);
  });

  it("until it ends in another way", () => {
    const end: Command = { type: "session/end", sessionId: "s", status: "completed" };
    expect(typesOf(bound(), end)).toEqual(["session/unbound", "session/ended"]);
    expect(after(bound(), end)?.binding).toBeUndefined();
  });
});

describe("when its process is gone", () => {
  it.each([
    ["exit_code", {}, "abandoned", "its process 42 (agent) is gone"],
    ["exit_code", { exitCode: 0 }, "completed", "its process 42 (agent) ended with exit code 0"],
    ["exit_code", { exitCode: 3 }, "failed", "its process 42 (agent) ended with exit code 3"],
    ["exit_code", { signal: "SIGKILL" }, "failed", "its process 42 (agent) was ended by SIGKILL"],
    [
      "exit_code",
      { isOfEarlierBoot: true },
      "abandoned",
      "its process 42 (agent) is gone: the machine was started anew",
    ],
    ["complete", { exitCode: 3 }, "completed", "its process 42 (agent) ended with exit code 3"],
    ["fail", {}, "failed", "its process 42 (agent) is gone"],
    ["abandon", { exitCode: 0 }, "abandoned", "its process 42 (agent) ended with exit code 0"],
  ] as const)("%s with %j makes it %s", (onExit, how, status, endReason) => {
    const now = after(bound({ onExit }), gone(how));
    expect(now).toMatchObject({ status, endReason, endedAt: 9_000, binding: { gone: { at: 9_000 } } });
    if ("exitCode" in how) expect(now?.binding?.gone).toMatchObject(how);
    expect(now && awaited(now)).toBeUndefined();
  });

  it("is told without the name where it has none", () => {
    expect(after(bound({ name: undefined }), gone())?.endReason).toBe("its process 42 is gone");
  });

  it("a paused session ends as well", () => {
    expect(after({ ...bound(), status: "paused" }, gone())?.status).toBe("abandoned");
  });

  it("a session that waits for no end of it goes on", () => {
    expect(typesOf(session(), gone())).toEqual([]);
    expect(typesOf(bound({ startTicks: 8 }), gone())).toEqual([]);
    expect(typesOf({ ...bound(), status: "failed", endedAt: 1 }, gone())).toEqual([]);
    const before = { at: 1, exitCode: undefined, signal: undefined };
    expect(typesOf(bound({ gone: before }), gone())).toEqual([]);
  });
});
