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
  | ["checkpoint/create", Omit<Params<"checkpoint/create">, "sessionId">]
  | ["checkpoint/restore", object]
  | ["command/start", Omit<Params<"command/start">, "sessionId">]
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
/** Commands that end by themselves, with output of any bytes. */
const command = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(0, 3), fc.boolean())
  .map(([bytes, exitCode, isLoud]) => {
    const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const script = `printf '${octal}' ${isLoud ? ">&2" : ""}; exit ${exitCode}`;
    return { argv: ["/bin/sh", "-c", script], name: "said" };
  });
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
  fc.tuple(fc.constant("checkpoint/create"), fc.record({ label: name }, { requiredKeys: [] })),
  fc.tuple(fc.constant("checkpoint/restore"), fc.constant({})),
  fc.tuple(fc.constant("command/start"), command),
  fc.tuple(
    fc.constantFrom("session/pause", "session/resume", "session/touch", "session/end", "session/archive"),
    fc.constant({}),
  ),
) as fc.Arbitrary<Step>;

/** Resolves when no command of the session runs any more: how one ends is not to be left to chance. */
async function settled(client: Client, sessionId: string): Promise<void> {
  const { items } = await client.command.list({ sessionId });
  for (const { commandId } of items) await client.command.wait({ commandId });
}

/** What every command of a session wrote. */
async function outputsOf(client: Client, sessionId: string): Promise<unknown[]> {
  const { items } = await client.command.list({ sessionId });
  const outputs = items.flatMap(({ commandId }) =>
    (["stdout", "stderr"] as const).map(async (stream) => {
      const piece = await client.command.output({ commandId, stream, encoding: "base64" });
      return { commandId, stream, ...piece };
    }),
  );
  return Promise.all(outputs);
}

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
        await settled(here, sessionId);
        const first = await exported(here, sessionId, includeSecrets);
        const { imported } = await there.session.import({ path: first.path });
        expect(imported).toMatchObject([{ sessionId }]);
        const second = await exported(there, sessionId, includeSecrets);
        expect(second.lines).toEqual(first.lines);
        expect(await outputsOf(there, sessionId)).toEqual(await outputsOf(here, sessionId));
        const list = { sessionId, limit: 1_000 };
        const [mine, theirs] = [await here.checkpoint.list(list), await there.checkpoint.list(list)];
        if (includeSecrets)
          expect(theirs.items.map((one) => ({ ...one, seq: 0 }))).toEqual(
            mine.items.map((one) => ({ ...one, seq: 0 })),
          );
        // What a checkpoint keeps is what a restore brings back, here as there.
        if (theirs.items.length === 0) return;
        const checkpointId = theirs.items.at(-1)?.checkpointId;
        for (const client of [here, there]) {
          // What is shelved stays as it is; where it is not, that is no more than refused.
          await client.session.untrash({ sessionId }).catch(() => undefined);
          await client.session.unarchive({ sessionId }).catch(() => undefined);
          await client.checkpoint.restore({ sessionId, checkpointId });
        }
        const [back, away] = [await here.session.get({ sessionId }), await there.session.get({ sessionId })];
        const same = ({ name, status, metadata, tags, config, messages, totals }: typeof back): unknown =>
          sorted({ name, status, metadata, tags, config, messages, totals });
        expect(same(away)).toEqual(same(back));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });
});
