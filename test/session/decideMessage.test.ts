import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { evolve } from "../../src/session/evolve.js";
import { BOUNDS, decided, headOf, onlyEvent, session, STAMP } from "./samples.js";

type Append = Extract<Command, { type: "message/append" }>;

function append(changes: Partial<Append> = {}): Append {
  return {
    type: "message/append",
    sessionId: "s",
    messageId: "m",
    role: "user",
    content: "hello",
    ...changes,
  };
}

describe("message/append", () => {
  it("has the place behind all that was ever said, what was taken back included", () => {
    const conversation = { count: 3, appended: 9, hidden: [[4, 9]] } as const;
    const before = session({ conversation });
    const event = onlyEvent(decided(headOf([before]), append()));
    expect(event).toEqual({
      type: "message/appended",
      sessionId: "s",
      data: { messageId: "m", role: "user", content: "hello", index: 10 },
    });
    expect(evolve(before, event, STAMP)).toMatchObject({
      conversation: { count: 4, appended: 10, hidden: [[4, 9]] },
      activities: 0,
      lastActivityAt: STAMP.at,
      totals: before.totals,
    });
  });

  it("adds what it cost to the totals, and counts no invocation", () => {
    const usage = { inputTokens: 2, outputTokens: 3, costUsd: 0.5, durationMs: 7 };
    const event = onlyEvent(decided(headOf([session()]), append({ role: "assistant", usage })));
    expect(evolve(session(), event, STAMP)?.totals).toEqual({
      invocations: 0,
      durationMs: 7,
      toolsUsed: {},
      tokenUsage: { input: 2, output: 3 },
      estimatedCostUsd: 0.5,
    });
  });

  it("is refused on a session that takes no work", () => {
    for (const status of ["paused", "completed"] as const)
      expect(decided(headOf([session({ status })]), append())).toMatchObject({
        refusal: { type: "session_not_active" },
      });
    expect(decided(headOf([]), append())).toMatchObject({ refusal: { type: "session_not_found" } });
  });

  it("is bounded by its length as JSON, however it is made up", () => {
    const content = fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "\n", "\u001f", '"', "ü", "\u{1f600}"), maxLength: 60 }),
      fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 })), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(content, fc.integer({ min: 2, max: 80 }), (given, messageLength) => {
        const command = append({ content: given as Append["content"] });
        const decision = decided(headOf([session()]), command, { bounds: { ...BOUNDS, messageLength } });
        const { length } = JSON.stringify(given);
        if (length <= messageLength) expect(decision).toHaveProperty("events");
        else
          expect(decision).toMatchObject({
            refusal: {
              type: "limit_reached",
              message: `The content of a message has ${length} characters as JSON; ${messageLength} are allowed.`,
              details: { limit: "messageLength" },
            },
          });
      }),
    );
  });
});
