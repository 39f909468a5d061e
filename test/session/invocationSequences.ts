import * as fc from "fast-check";

import type { Json } from "../../src/protocol/json.js";
import type { Command } from "../../src/session/commands.js";

const sessionId = fc.constantFrom("s1", "s1", "s1", "s2", "s3");
const value = fc.jsonValue({ maxDepth: 2 }).map((json) => json as Json);
const invocationId = fc.constantFrom("i1", "i1", "i2", "i3", "i4", "i5");
const invocationUsage = fc.constantFrom(undefined, { inputTokens: 3 }, { costUsd: 0.5 });
/** What is asked of invocations. */
export const invocation: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record(
      {
        type: fc.constant("invocation/start" as const),
        sessionId,
        invocationId,
        tool: fc.constantFrom("grep", "__proto__"),
        input: value,
        path: fc.constant("/w"),
        messageId: fc.constant("m"),
      },
      { requiredKeys: ["type", "sessionId", "invocationId", "tool"] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record(
      {
        type: fc.constant("invocation/finish" as const),
        invocationId,
        status: fc.constantFrom("succeeded" as const, "failed" as const, "cancelled" as const),
        durationMs: fc.nat(100),
        output: value,
        error: fc.constant("no"),
        usage: invocationUsage,
      },
      { requiredKeys: ["type", "invocationId", "status"] },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record(
      {
        type: fc.constant("invocation/link" as const),
        sessionId,
        invocationId,
        tool: fc.constantFrom("make", "grep"),
        status: fc.constantFrom("succeeded" as const, "failed" as const),
        startedAt: fc.constantFrom(10, 5_000, 900_000),
        durationMs: fc.nat(100),
        usage: invocationUsage,
      },
      { requiredKeys: ["type", "sessionId", "invocationId", "tool", "status"] },
    ),
  },
) as fc.Arbitrary<Command>;
