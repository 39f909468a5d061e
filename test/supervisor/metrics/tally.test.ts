import { array, assert, constantFrom, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";

import type { SessionEvent } from "../../../src/session/events.js";
import {
  addTally,
  emptyTally,
  isTallied,
  responsePercentileMs,
  type Tally,
  tallyEvent,
} from "../../../src/supervisor/metrics/tally.js";

function finished(durationMs: number | undefined): SessionEvent {
  const data = { invocationId: "i", tool: "t", startedAt: 1, endedAt: 2, status: "succeeded", durationMs };
  return { type: "invocation/finished", sessionId: "s", data } as SessionEvent;
}

function recorded(kind: "error" | "event" | undefined): SessionEvent {
  return { type: "activity/recorded", sessionId: "s", data: { kind, action: "a" } };
}

function tallyOf(events: readonly SessionEvent[]): Tally {
  const tally = emptyTally();
  for (const event of events) if (isTallied(event)) tallyEvent(tally, event);
  return tally;
}

describe("what is counted of a session", () => {
  it("is errors and how long invocations took, and nothing else", () => {
    const tally = tallyOf([
      recorded("error"),
      recorded("event"),
      recorded(undefined),
      { type: "session/touched", sessionId: "s", data: {} },
      finished(10),
      finished(undefined),
    ]);
    expect(tally.errors).toBe(1);
    expect(tally.responses).toMatchObject({ count: 1, sumMs: 10, maximumMs: 10 });
  });

  it("tells percentiles to within a tenth, from a file as well", () => {
    const durations = array(integer({ min: 0, max: 10_000_000 }), { minLength: 1, maxLength: 200 });
    assert(
      property(durations, constantFrom(0.5, 0.95, 1), (all, share) => {
        const tally = emptyTally();
        addTally(tally, JSON.parse(JSON.stringify(tallyOf(all.map(finished)))) as Tally);
        const exact = all.toSorted((a, b) => a - b)[Math.ceil(all.length * share) - 1] ?? 0;
        const told = responsePercentileMs(tally.responses, share) ?? Number.NaN;
        // Below a millisecond nothing is told apart.
        expect(Math.abs(told - exact)).toBeLessThanOrEqual(Math.max(1.2, exact * 0.1));
      }),
    );
    expect(responsePercentileMs(emptyTally().responses, 0.5)).toBeUndefined();
  });

  it("can be put together of parts", () => {
    const [one, other] = [
      tallyOf([recorded("error"), finished(5)]),
      tallyOf([recorded("error"), finished(500)]),
    ];
    one.files.created += 2;
    other.files.created += 1;
    addTally(one, other);
    const whole = tallyOf([recorded("error"), finished(5), recorded("error"), finished(500)]);
    expect(one).toEqual({ ...whole, files: { created: 3, modified: 0, deleted: 0 } });
  });
});
