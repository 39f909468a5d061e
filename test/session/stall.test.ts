import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Event } from "../../src/session/events.js";
import { evolve } from "../../src/session/evolve.js";
import { evolveExecution } from "../../src/session/evolveExecution.js";
import { stallLimits, stallOf } from "../../src/session/stall.js";
import type { Execution, StallPolicy } from "../../src/session/state.js";
import { decided, execution, headOf, session, STAMP } from "./samples.js";

const LIMITS = execution().limits;
const TELL: StallPolicy = { afterMs: 100, action: "tell", watch: ["output"] };
const watched = (changes: Partial<Execution> = {}): Execution =>
  execution({ limits: { ...LIMITS, stall: TELL }, ...changes });
const SEEN = { since: 3_000, outputBytes: 5 };
const STALL: Command = { type: "command/report-stall", commandId: "c", attempt: 1, ...SEEN };
const RECOVERY: Command = { type: "command/report-recovery", commandId: "c", attempt: 1, sign: "cpu" };

function eventsOf(of: Execution, command: Command): readonly Event[] {
  const decision = decided(headOf([session()], [of]), command);
  return "events" in decision ? decision.events : [];
}

describe("what a command is held to", () => {
  it("is what the call says, over what the session says, and else the mildest", () => {
    const old = { stallTimeoutMs: 0 };
    expect(stallLimits({ stall: { afterMs: 5 } }, old)).toEqual({
      stallTimeoutMs: 0,
      stall: { afterMs: 5, action: "tell", watch: ["output", "cpu", "heartbeat"] },
    });
    const stall = { afterMs: 9, action: "stop", watch: ["cpu"] } as const;
    const ours = { ...old, stall: { ...stall, watch: [...stall.watch] } };
    expect(stallLimits({}, ours).stall).toEqual(stall);
    expect(stallLimits({ stall: { action: "retry" } }, ours).stall).toEqual({ ...stall, action: "retry" });
    expect(stallLimits({ stall: { afterMs: 0 } }, ours)).toEqual({ stallTimeoutMs: 0 });
    expect(stallLimits({ stall: { action: "stop" } }, old)).toEqual({ stallTimeoutMs: 0 });
  });

  it("is the older limit where nobody says a policy, or the call says that", () => {
    expect(stallLimits({}, { stallTimeoutMs: 7 })).toEqual({ stallTimeoutMs: 7 });
    const both = { stallTimeoutMs: 7, stall: { afterMs: 9 } };
    expect(stallLimits({ stallTimeoutMs: 8 }, both)).toEqual({ stallTimeoutMs: 8 });
    expect(stallLimits({ stallTimeoutMs: 0 }, both)).toEqual({ stallTimeoutMs: 0 });
    expect(stallLimits({}, both)).toMatchObject({ stallTimeoutMs: 0, stall: { afterMs: 9 } });
  });

  it("is silence and the next try by the older limit, as in journals of earlier versions", () => {
    expect(stallOf({ ...LIMITS, stallTimeoutMs: 7 })).toEqual({
      afterMs: 7,
      action: "retry",
      watch: ["output"],
    });
    expect(stallOf(LIMITS)).toBeUndefined();
    expect(stallOf({ ...LIMITS, stall: TELL })).toBe(TELL);
  });
});

describe("a stall", () => {
  it("is told with what was seen and what is done", () => {
    const [event] = eventsOf(watched(), STALL);
    const data = { commandId: "c", attempt: 1, ...SEEN, action: "tell", afterMs: 100 };
    expect(event).toEqual({ type: "command/stalled", sessionId: "s", data });
    if (event === undefined) throw new Error("no event");
    expect(evolveExecution(watched(), event, STAMP)?.stalled).toEqual(SEEN);
    expect(evolve(session(), event, STAMP)).toMatchObject({ stalls: { c: 3_000 }, lastActivityAt: 1_000 });
  });

  it("is told once, of the try that runs, and where there is a policy", () => {
    expect(eventsOf(watched({ stalled: SEEN }), STALL)).toEqual([]);
    expect(eventsOf(watched({ attempt: 2 }), STALL)).toEqual([]);
    expect(eventsOf(watched({ status: "succeeded" }), STALL)).toEqual([]);
    expect(eventsOf(execution(), STALL)).toEqual([]);
  });

  it("is over with the next sign of life, which is told once", () => {
    const [event] = eventsOf(watched({ stalled: SEEN }), RECOVERY);
    const data = { commandId: "c", attempt: 1, sign: "cpu", stalledMs: 7_000 };
    expect(event).toEqual({ type: "command/recovered", sessionId: "s", data });
    if (event === undefined) throw new Error("no event");
    expect(evolveExecution(watched({ stalled: SEEN }), event, STAMP)?.stalled).toBeUndefined();
    const two = session({ stalls: { c: 3_000, d: 4_000 } });
    expect(evolve(two, event, STAMP)?.stalls).toEqual({ d: 4_000 });
    expect(evolve(session({ stalls: { c: 3_000 } }), event, STAMP)?.stalls).toBeUndefined();
    // An id may be the name of something that every object has.
    const odd = { ...event, data: { ...data, commandId: "constructor" } } as Event;
    expect(evolve(two, odd, STAMP)?.stalls).toBe(two.stalls);
    expect(eventsOf(watched(), RECOVERY)).toEqual([]);
    expect(eventsOf(watched({ stalled: SEEN, attempt: 2 }), RECOVERY)).toEqual([]);
  });

  it("is over with its try", () => {
    for (const retryable of [true, false]) {
      const stalled = watched({ stalled: SEEN });
      const outcome = { cause: "exited", exitCode: 1 } as const;
      const more = { attempt: 1, retryable, chance: 0, stdoutBytes: 0, stderrBytes: 0 };
      const [event] = eventsOf(stalled, { type: "command/report-end", commandId: "c", outcome, ...more });
      if (event === undefined) throw new Error("no event");
      expect(event.type).toBe(retryable ? "command/retrying" : "command/ended");
      expect(evolveExecution(stalled, event, STAMP)?.stalled).toBeUndefined();
      const counted = { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 };
      expect(evolve(session({ commands: counted, stalls: { c: 1 } }), event, STAMP)?.stalls).toBeUndefined();
    }
  });

  it.each([
    ["stop", "command/ended"],
    ["retry", "command/retrying"],
  ] as const)(
    "that was to %s a try makes it %s, also where the daemon that stopped it is gone",
    (action, type) => {
      const of = watched({ limits: { ...LIMITS, stall: { ...TELL, action } } });
      const outcome = { cause: "stalled", signal: "SIGTERM" } as const;
      const more = { attempt: 1, retryable: true, chance: 0, stdoutBytes: 0, stderrBytes: 0 };
      const [event] = eventsOf(of, { type: "command/report-end", commandId: "c", outcome, ...more });
      expect(event?.type).toBe(type);
    },
  );
});
