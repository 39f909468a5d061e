import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Client, StreamItem } from "../../client/index.js";
import { connect } from "../../client/index.js";
import type { EmbeddedDaemon } from "../../src/index.js";
import { openDaemon } from "../../src/index.js";
import { seqs, take } from "./eventLog.js";

let dir: string;
let daemon: EmbeddedDaemon;
let client: Client;

async function open(): Promise<string> {
  daemon = await openDaemon({
    dataDir: join(dir, "data"),
    listen: true,
    config: { socket: join(dir, "d.sock") },
  });
  return daemon.socket ?? "";
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-real-"));
  client = await connect({ socket: await open(), retry: { initialIntervalMs: 1 } });
});

afterEach(async () => {
  await client.close();
  await daemon.close();
  await rm(dir, { recursive: true, force: true });
});

describe("the client with a real daemon", () => {
  it("opens, fills, reads and ends a session", async () => {
    const { sessionId } = await client.withSession("task", async (session) => {
      await session.record("read", { path: "/a" }, { tool: "cat", durationMs: 3 });
      await session.metadata.set("key", [1]);
      expect(await session.metadata.get("key")).toEqual([1]);
      expect((await session.stats()).totals.toolsUsed).toEqual({ cat: 1 });
      await session.pause();
      await session.resume();
      return session;
    });
    await expect(client.session.get({ sessionId })).resolves.toMatchObject({
      status: "completed",
      name: "task",
    });
  });

  it("iterates over pages", async () => {
    for (let n = 0; n < 5; n++) await client.session.create({ name: `s${n}` });
    const names: unknown[] = [];
    for await (const { name } of client.pages("session/list", { limit: 2, order: "oldest" }))
      names.push(name);
    expect(names).toEqual(["s0", "s1", "s2", "s3", "s4"]);
  });

  it("goes on after a restart of the daemon: writes are done once, events come without gap", async () => {
    const stream = client.events({ sinceSeq: 0 });
    await client.session.create({ name: "before" });
    await daemon.close();
    const creating = Array.from({ length: 20 }, (_, n) => client.session.create({ name: `away ${n}` }));
    await open();
    await Promise.all(creating);
    const { total } = await client.session.list();
    expect(total).toBe(21);
    const items: StreamItem[] = await take(stream, 21);
    expect(seqs(items)).toEqual(Array.from({ length: 21 }, (_, n) => n + 1));
    expect(new Set(items.map(({ type }) => type))).toEqual(new Set(["session/created"]));
  });

  it("reads what a slow consumer left in the journal", async () => {
    const stream = client.events({ sinceSeq: 0 });
    const { sessionId } = await client.session.create();
    for (let batch = 0; batch < 5; batch++) {
      await Promise.all(Array.from({ length: 500 }, () => client.session.touch({ sessionId })));
    }
    const items = await take(stream, 2_501);
    expect(seqs(items)).toEqual(Array.from({ length: 2_501 }, (_, n) => n + 1));
  });
});
