import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Head } from "../../src/session/decision.js";
import type { Event } from "../../src/session/events.js";
import { evolve } from "../../src/session/evolve.js";
import { evolveInvocation, invocationIdOf } from "../../src/session/invocation.js";
import type { Invocation, Session } from "../../src/session/state.js";
import { decided, headOf, onlyEvent, session, STAMP } from "./samples.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;

const start = (changes: Partial<Of<"invocation/start">> = {}): Command => {
  return { type: "invocation/start", sessionId: "s", invocationId: "i", tool: "grep", ...changes };
};
const finish = (changes: Partial<Of<"invocation/finish">> = {}): Command => {
  return { type: "invocation/finish", invocationId: "i", status: "succeeded", ...changes };
};
const link = (changes: Partial<Of<"invocation/link">> = {}): Command => {
  const fields = { sessionId: "s", invocationId: "i", tool: "git", status: "succeeded" } as const;
  return { type: "invocation/link", ...fields, ...changes };
};

/** One that runs since 4,000. */
function invocation(changes: Partial<Invocation> = {}): Invocation {
  const asked = { input: { q: 1 }, path: "/h", messageId: "m" };
  const known = { invocationId: "i", sessionId: "s", createdSeq: 3, tool: "grep", ...asked };
  return { ...known, status: "running", startedAt: 4_000, endedSeq: undefined, ...changes };
}

function headWith(one: Session, ...invocations: readonly Invocation[]): Head {
  const head = headOf([one]);
  const own = {
    head: (id: string) => invocations.find(({ invocationId }) => invocationId === id),
    headOf: (id: string) => invocations.filter(({ sessionId }) => sessionId === id),
    headSize: invocations.length,
  };
  return { ...head, things: { ...head.things, invocations: own } };
}

const running = (count: number, changes: Partial<Session> = {}): Session =>
  session({ invocations: { ...session().invocations, running: count }, ...changes });
const counts = (changes: Partial<Session["invocations"]>): Session["invocations"] => {
  return { ...session().invocations, ...changes };
};

describe("the start of an invocation", () => {
  it("counts it as running, and is activity", () => {
    const event = onlyEvent(decided(headWith(session()), start({ input: 1 })));
    const data = { invocationId: "i", tool: "grep", input: 1, startedAt: 10_000 };
    expect(event).toEqual({ type: "invocation/started", sessionId: "s", data });
    expect(evolve(session(), event, STAMP)).toMatchObject({
      invocations: counts({ running: 1 }),
      totals: session().totals,
      lastActivityAt: STAMP.at,
    });
    const made = evolveInvocation(undefined, event, STAMP);
    expect(made).toMatchObject({ ...data, sessionId: "s", createdSeq: STAMP.seq, status: "running" });
    expect(invocationIdOf(event)).toBe("i");
  });

  it.each([
    ["session_not_found", headOf([]), start()],
    ["session_not_active", headWith(session({ status: "paused" })), start()],
    ["invocation_exists", headWith(session(), invocation({ sessionId: "other", status: "failed" })), start()],
    ["limit_reached", headWith(session()), start({ input: "x".repeat(10_000) })],
    ["limit_reached", headWith(running(10)), start()],
    ["session_not_found", headOf([]), link()],
    ["session_not_active", headWith(session({ status: "completed" })), link()],
    ["invocation_exists", headWith(session(), invocation()), link()],
    ["limit_reached", headWith(session()), link({ output: "x".repeat(10_000) })],
    ["limit_reached", headWith(session()), link({ input: "x".repeat(10_000) })],
  ] as const)("is refused: %s", (type, head, command) => {
    expect(decided(head, command)).toMatchObject({ refusal: { type } });
  });

  it("leaves room for those that are linked, however many run", () => {
    expect(decided(headWith(running(10)), link())).toHaveProperty("events");
  });
});

describe("the end of an invocation", () => {
  it("has all about it in it, and leaves little of it in memory", () => {
    const usage = { inputTokens: 3, costUsd: 0.5 };
    const head = headWith(running(1), invocation());
    const event = onlyEvent(decided(head, finish({ output: [1], usage })));
    expect(event).toEqual({
      type: "invocation/finished",
      sessionId: "s",
      data: {
        invocationId: "i",
        tool: "grep",
        input: { q: 1 },
        path: "/h",
        messageId: "m",
        startedAt: 4_000,
        status: "succeeded",
        output: [1],
        usage,
        endedAt: 10_000,
        durationMs: 6_000,
      },
    });
    expect(evolve(running(1), event, STAMP)).toMatchObject({
      invocations: counts({ succeeded: 1 }),
      totals: {
        invocations: 1,
        durationMs: 6_000,
        toolsUsed: { grep: 1 },
        tokenUsage: { input: 3, output: 0 },
        estimatedCostUsd: 0.5,
      },
      lastActivityAt: STAMP.at,
    });
    expect(evolveInvocation(invocation(), event, STAMP)).toEqual({
      invocationId: "i",
      sessionId: "s",
      createdSeq: 3,
      tool: "grep",
      status: "succeeded",
      startedAt: 4_000,
      endedSeq: STAMP.seq,
    });
  });

  it("takes the duration that is given, and none below 0 where the clock was put back", () => {
    const given = onlyEvent(decided(headWith(running(1), invocation()), finish({ durationMs: 5 })));
    expect(given.data).toMatchObject({ durationMs: 5, endedAt: 10_000 });
    const back = onlyEvent(decided(headWith(running(1), invocation({ startedAt: 20_000 })), finish()));
    expect(back.data).toMatchObject({ durationMs: 0, endedAt: 20_000 });
  });

  it("is recorded in a paused session too, and is no activity there", () => {
    const paused = running(1, { status: "paused" });
    const event = onlyEvent(decided(headWith(paused, invocation()), finish()));
    expect(evolve(paused, event, STAMP)).toMatchObject({ status: "paused", lastActivityAt: 1_000 });
  });

  it.each([
    ["invocation_not_found", headOf([session()]), finish()],
    ["invalid_transition", headWith(session(), invocation({ status: "succeeded" })), finish()],
    ["limit_reached", headWith(running(1), invocation()), finish({ output: "x".repeat(10_000) })],
  ] as const)("is refused: %s", (type, head, command) => {
    expect(decided(head, command)).toMatchObject({ refusal: { type } });
  });
});

describe("what ran elsewhere", () => {
  it.each([
    [{}, { startedAt: 10_000, endedAt: 10_000 }],
    [{ durationMs: 4_000 }, { startedAt: 6_000, endedAt: 10_000, durationMs: 4_000 }],
    [
      { startedAt: 2_000, durationMs: 10 },
      { startedAt: 2_000, endedAt: 2_010, durationMs: 10 },
    ],
    [{ startedAt: 2_000 }, { startedAt: 2_000, endedAt: 2_000 }],
    // A clock that is ahead, and a duration that is longer than there is time.
    [
      { startedAt: 90_000, durationMs: 10 },
      { startedAt: 10_000, endedAt: 10_000, durationMs: 10 },
    ],
    [{ durationMs: 90_000 }, { startedAt: 0, endedAt: 10_000, durationMs: 90_000 }],
  ])("has its times: %j", (given, times) => {
    const event = onlyEvent(decided(headWith(session()), link(given)));
    expect(event.type).toBe("invocation/linked");
    expect(event.data).toEqual({ invocationId: "i", tool: "git", status: "succeeded", ...times });
  });

  it("counts once, and was never running", () => {
    const event = onlyEvent(decided(headWith(running(1)), link({ status: "failed" })));
    expect(evolve(running(1), event, STAMP)?.invocations).toEqual(counts({ running: 1, failed: 1 }));
    const made = evolveInvocation(undefined, event, STAMP);
    expect(made).toMatchObject({ createdSeq: STAMP.seq, endedSeq: STAMP.seq, status: "failed" });
  });
});

describe("the end of a session", () => {
  const others = [
    invocation({ invocationId: "over", status: "failed" }),
    invocation({ invocationId: "elsewhere", sessionId: "t" }),
  ];

  it.each<[string, Command]>([
    ["by its caller", { type: "session/end", sessionId: "s", status: "completed" }],
    ["by a limit", { type: "session/expire", sessionId: "s", limit: "idle", afterMs: 5 }],
  ])("%s abandons what runs in it, and nothing else", (_, command) => {
    const decision = decided(headWith(running(1), ...others, invocation()), command);
    const events: readonly Event[] = "events" in decision ? decision.events : [];
    expect(events.map(({ type }) => type)).toEqual(["invocation/finished", "session/ended"]);
    const [abandoned] = events;
    expect(abandoned?.data).toMatchObject({ invocationId: "i", status: "abandoned", durationMs: 6_000 });
    const after = events.reduce<Session | undefined>((one, event) => evolve(one, event, STAMP), running(1));
    // Nobody did anything in it: that it ended is no activity.
    expect(after).toMatchObject({ invocations: counts({ abandoned: 1 }), lastActivityAt: 1_000 });
  });

  it("is one event where nothing runs", () => {
    const command: Command = { type: "session/end", sessionId: "s", status: "completed" };
    expect(onlyEvent(decided(headWith(session(), ...others), command)).type).toBe("session/ended");
  });
});

describe("an event of something else", () => {
  it("is about no invocation, and leaves it as it is", () => {
    const event: Event = { type: "session/touched", sessionId: "s", data: {} };
    const one = invocation();
    expect(evolveInvocation(one, event, STAMP)).toBe(one);
    expect(invocationIdOf(event)).toBeUndefined();
  });
});
