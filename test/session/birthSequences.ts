import * as fc from "fast-check";

import type { Json } from "../../src/protocol/json.js";
import type { Command } from "../../src/session/commands.js";
import type { ImportedExecution } from "../../src/session/events.js";
import { CONFIG, importedExecution } from "./samples.js";

export const sessionId = fc.constantFrom("s1", "s1", "s1", "s2", "s3");
export const text = fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined });
export const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom("a", "b", "__proto__") },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 4 }) },
);
export const value = fc.jsonValue({ maxDepth: 2 }).map((json) => json as Json);
const small = fc.oneof(fc.integer(), fc.string({ maxLength: 4 }), fc.constant(null), fc.array(fc.boolean()));
export const metadata = fc.dictionary(key, small, { maxKeys: 3 });
export const environment = fc.dictionary(fc.constantFrom("LANG", "API_TOKEN"), fc.string({ maxLength: 3 }));
export const tags = fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 3 });

/** What makes sessions. */
export const create = fc.record({
  type: fc.constant("session/create" as const),
  sessionId,
  name: text,
  purpose: text,
  description: text,
  userId: text,
  parentId: fc.option(sessionId, { nil: undefined, freq: 9 }).map((id) => (id === "s1" ? id : undefined)),
  workingDirectory: fc.constantFrom(undefined, "/w"),
  workspace: fc.constantFrom(undefined, {
    kind: "worktree" as const,
    path: "/ws",
    repository: "/r",
    branch: "b",
    keep: "never" as const,
    token: "t",
  }),
  tags,
  metadata,
  environment,
  config: fc.constant({ ...CONFIG, maxRunningCommands: 2 }),
});

/** What comes along with a session that was copied from somewhere. */
const brought = fc.constantFrom(
  undefined,
  { history: { activities: 2, updatedAt: 650 } },
  {
    staged: "0123456789abcdef".repeat(2),
    history: { conversation: { count: 1, appended: 3, hidden: [[2, 3] as const] } },
  },
);

export const cloneSession = fc.record({ created: create, brought }).map(({ created, brought }) => ({
  ...created,
  type: "session/clone" as const,
  brought,
}));

/** Commands that are over, as an import brings them; some of their ids are those of others. */
const executions = fc.uniqueArray(
  fc.record({
    ...Object.fromEntries(
      Object.entries(importedExecution()).map(([name, value]) => [name, fc.constant(value)] as const),
    ),
    commandId: fc.constantFrom("c1", "c2", "c3"),
    status: fc.constantFrom("succeeded", "failed", "lost"),
  }) as unknown as fc.Arbitrary<ImportedExecution>,
  { maxLength: 2, selector: ({ commandId }) => commandId },
);

/** What an import brings has counted its commands. */
function counting(command: Extract<Command, { type: "session/import" }>): typeof command {
  const { executions: own = [], brought } = command;
  if (own.length === 0) return command;
  const succeeded = own.filter(({ status }) => status === "succeeded").length;
  const commands = { total: own.length, running: 0, succeeded, failed: own.length - succeeded, retries: 0 };
  return { ...command, brought: { ...brought, history: { ...brought?.history, commands } } };
}

export const importSession = create
  .chain((fields) =>
    fc.record({
      ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fc.constant(value)])),
      type: fc.constant("session/import" as const),
      status: fc.constantFrom("active", "paused", "completed", "timed_out"),
      createdAt: fc.constant(500),
      lastActivityAt: fc.constantFrom(400, 500, 600, 700),
      endedAt: fc.constantFrom(undefined, 700),
      endReason: text,
      archivedAt: fc.constantFrom(undefined, undefined, 800),
      brought,
      activities: fc.array(
        fc.record({ at: fc.constant(550), action: fc.constant("looked"), details: value }),
        {
          maxLength: 2,
        },
      ),
      executions: fc.oneof(fc.constant([]), executions),
    }),
  )
  .map((command) => counting(command as unknown as Parameters<typeof counting>[0]));
