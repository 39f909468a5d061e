import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";

import type * as Embedded from "../../src/index.js";
import { connect } from "../../client/index.js";

// As somebody else's program loads it: what was built, and not its sources.
const { openDaemon } = (await import(
  new URL("../../dist/src/index.js", import.meta.url).href
)) as typeof Embedded;

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "sessiond-embedded-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("a daemon inside another program", () => {
  it("S4.6 in memory: does everything, and leaves nothing behind", async () => {
    const temporary = await folder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const daemon = await openDaemon();
    const client = await daemon.connect();
    expect(daemon.socket).toBeUndefined();
    const session = await client.open("in memory");
    await session.metadata.set("k", 1);
    const events = client.events({ sessionIds: [session.sessionId] });
    const recorded = await session.record("once", { a: [1] });
    expect((await events.next()).value).toMatchObject({ type: "activity/recorded", seq: recorded.seq });
    const ended = await session.run(["sh", "-c", "echo out; exit 3"], {
      retry: { maxAttempts: 2, initialIntervalMs: 1 },
    });
    expect(ended).toMatchObject({ exitCode: 3, attempt: 2, stdoutBytes: 8 });
    expect(await session.metadata.get("k")).toBe(1);
    const actions: string[] = [];
    for await (const item of session.activities()) if ("action" in item) actions.push(item.action);
    expect(actions).toEqual(["once"]);
    expect(await session.track("double", () => 2, { report: (output) => ({ output }) })).toBe(2);
    for await (const item of session.invocations())
      expect(item).toMatchObject({ tool: "double", status: "succeeded", output: 2 });
    expect((await session.stats()).totals.toolsUsed).toEqual({ sh: 1, double: 1 });
    await session.start(["sleep", "100"]);
    expect(await readdir(temporary)).toHaveLength(1);
    await daemon.close();
    await client.close();
    expect(await readdir(temporary)).toEqual([]);
  });

  it("S4.6 on files: what it kept is there the next time, and other programs may reach it", async () => {
    const dataDir = join(await folder(), "data");
    const first = await openDaemon({ dataDir, listen: true, config: { sessions: { maxSessions: 2 } } });
    const client = await first.connect();
    const session = await client.open("on files");
    await session.record("kept");
    const other = await connect({ socket: first.socket });
    expect((await other.session.list({ name: "on files" })).total).toBe(1);
    await other.session.create({ name: "second" });
    await expect(other.session.create({})).rejects.toMatchObject({ details: { limit: "maxSessions" } });
    await expect(openDaemon({ dataDir })).rejects.toMatchObject({ name: "DataFolderBusyError" });
    await other.close();
    await client.close();
    await first.close();
    const second = await openDaemon({ dataDir });
    const again = await second.connect();
    expect((await again.open("on files")).sessionId).toBe(session.sessionId);
    expect(await again.session.stats({ sessionId: session.sessionId })).toMatchObject({ activities: 1 });
    await again.close();
    await second.close();
  });

  it("S4.6 a setting that is wrong is refused, by its name", async () => {
    const dataDir = join(await folder(), "data");
    const wrong = { sessions: { maxSession: 1 } } as object;
    await expect(openDaemon({ dataDir, config: wrong })).rejects.toThrow(/sessions.maxSession.*maxSessions/);
    await expect(openDaemon({ config: wrong })).rejects.toThrow(/maxSessions/);
    const temporary = await folder();
    vi.stubEnv("TMPDIR", temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const socket = `/${"x".repeat(200)}`;
    await expect(openDaemon({ config: { socket } })).rejects.toThrow(/200|201/);
    expect(await readdir(temporary)).toEqual([]);
  });
});
