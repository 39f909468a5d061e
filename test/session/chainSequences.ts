import * as fc from "fast-check";

import type { Command } from "../../src/session/commands.js";

const agentId = fc.constantFrom("a1", "a1", "a1", "../a2");

/** What is asked of the chains of agents, in sessions that there are and in others. */
export const chain: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("chain/append" as const),
      agentId,
      entry: fc.record(
        {
          sessionId: fc.constantFrom("s1", "s2", "elsewhere/1"),
          prompt: fc.string({ maxLength: 4 }),
          response: fc.string({ maxLength: 4 }),
          metadata: fc.constantFrom({}, { model: "m" }, { long: "x".repeat(200) }),
        },
        { requiredKeys: ["sessionId", "prompt"] },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("chain/trim" as const),
      agentId,
      before: fc.constantFrom(0, 10_000, 1_000_000, 1_000_000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("chain/reset" as const), agentId }) },
);
