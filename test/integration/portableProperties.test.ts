import * as fc from "fast-check";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Client, Params } from "../../client/index.js";
import { type EmbeddedDaemon, openDaemon } from "../../src/index.js";

let folder: string;
let daemons: EmbeddedDaemon[] = [];
let here: Client;
let there: Client;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-portable-"));
  // Bodies of the first are in its files when they are exported, those of the second still in memory.
  const config = { sessions: { autoSaveIntervalMs: 100 } };
  daemons = [await openDaemon({ config }), await openDaemon()];
  [here, there] = (await Promise.all(daemons.map((daemon) => daemon.connect()))) as [Client, Client];
});
afterAll(async () => {
  for (const daemon of daemons) await daemon.close();
  await rm(folder, { recursive: true, force: true });
});

/** What is done to one session, in the words of the protocol, but for its id. */
type Step =
  | ["session/record", Omit<Params<"session/record">, "sessionId">]
  | ["message/append", Omit<Params<"message/append">, "sessionId">]
  | ["invocation/link", Omit<Params<"invocation/link">, "sessionId">]
  | ["metadata/set", Omit<Params<"metadata/set">, "sessionId">]
  | ["session/update", Omit<Params<"session/update">, "sessionId">]
  | ["session/pause" | "session/resume" | "session/touch" | "session/end" | "session/archive", object];

const text = fc.string({ unit: "binary", maxLength: 12 }).filter((value) => !/[\uD800-\uDFFF]/.test(value));
const name = text.filter((value) => value.length > 0);
const json = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes("__proto__"));
const usage = fc.record(
  { tool: fc.constantFrom("grep", "__proto__"), inputTokens: fc.nat(), costUsd: fc.constant(0.1) },
  { requiredKeys: [] },
);
const fields = fc.record(
  {
    name,
    purpose: text,
    userId: name,
    tags: fc.array(name, { maxLength: 3 }),
    environment: fc.dictionary(fc.constantFrom("LANG", "API_TOKEN"), fc.constantFrom("", "a:b")),
    metadata: fc.dictionary(fc.constantFrom("a", "b"), json as fc.Arbitrary<never>),
    config: fc.constantFrom({ idleTimeoutMs: 99_000_000 }, { retry: { jitter: 0.5 } }),
    workingDirectory: fc.constant("/tmp"),
  },
  { requiredKeys: [] },
);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constant("session/record"), fc.record({ action: name, details: json, usage })),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant("message/append"),
      fc.record({
        role: fc.constantFrom("user", "tool"),
        content: fc.oneof(text, fc.constant([{ type: "text" }])),
        usage: fc.constant({ outputTokens: 5, durationMs: 3 }),
      }),
    ),
  },
  fc.tuple(
    fc.constant("invocation/link"),
    fc.record(
      {
        tool: fc.constantFrom("grep", "__proto__"),
        status: fc.constantFrom("succeeded", "failed", "cancelled"),
        input: json,
        path: fc.constant("/tmp/of-the-tool"),
        durationMs: fc.nat(1_000),
        usage: fc.constant({ inputTokens: 2 }),
      },
      { requiredKeys: ["tool"] },
    ),
  ),
  fc.tuple(fc.constant("metadata/set"), fc.record({ key: fc.constantFrom("a", "c"), value: json })),
  fc.tuple(fc.constant("session/update"), fields),
  fc.tuple(
    fc.constantFrom("session/pause", "session/resume", "session/touch", "session/end", "session/archive"),
    fc.constant({}),
  ),
) as fc.Arbitrary<Step>;

/** The value with its keys in order, as entries: a name such as `__proto__` is one like any other. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => sorted(item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return { entries: entries.map(([key, item]) => [key, sorted(item)]) };
}

let files = 0;

/** What is in the file of a session, but for what says when it was written and what was withheld. */
async function exported(
  client: Client,
  sessionId: string,
  includeSecrets: boolean,
): Promise<{ readonly path: string; readonly lines: readonly unknown[] }> {
  const path = join(folder, `${(files += 1)}.jsonl`);
  await client.session.export({ sessionId, path, includeSecrets });
  const [, ...lines] = (await readFile(path, "utf8")).trimEnd().split("\n");
  return {
    path,
    lines: lines.map((line) => {
      const { sha256: _, withheld: __, ...rest } = JSON.parse(line) as Record<string, unknown>;
      return sorted(rest);
    }),
  };
}

describe("any session", () => {
  it("S2.2 is equal after it was exported, imported elsewhere and exported again", async () => {
    const property = fc.asyncProperty(
      fields,
      fc.array(step, { maxLength: 25 }),
      fc.boolean(),
      async (created, steps, includeSecrets) => {
        const { sessionId } = await here.session.create(created);
        const call = here.call as (method: string, params: object) => Promise<unknown>;
        // Not everything is allowed to every session; what is refused changes nothing.
        for (const [method, params] of steps)
          await call(method, { ...params, sessionId }).catch(() => undefined);
        const first = await exported(here, sessionId, includeSecrets);
        const { imported } = await there.session.import({ path: first.path });
        expect(imported).toMatchObject([{ sessionId }]);
        const second = await exported(there, sessionId, includeSecrets);
        expect(second.lines).toEqual(first.lines);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
