import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, afterAll, expect, it, onTestFinished } from "vitest";

import { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until, within } from "../support/until.js";
import { FaultyDisk } from "./faultyDisk.js";
import { KnownWrites } from "./knownWrites.js";

const BACK_WITHIN_MS = 1_000;

let disk: FaultyDisk;

interface Scene {
  readonly daemon: TestDaemon;
  readonly peer: Peer;
  readonly writes: KnownWrites;
}

/** A daemon with some writes behind it, and a disk that can be made to fail. */
async function onFaultyDisk(): Promise<Scene> {
  const daemon = await TestDaemon.prepare();
  onTestFinished(async () => {
    await disk.heal();
    await daemon.close();
  });
  await daemon.start({}, disk.env);
  const peer = await daemon.peer();
  const { sessionId } = await peer.call("session/create");
  const writes = new KnownWrites(sessionId);
  for (let index = 0; index < 20; index += 1) expect(await writes.write(peer)).toBe("acknowledged");
  return { daemon, peer, writes };
}

/** The last segment of a journal. */
async function lastSegment({ dataDir }: TestDaemon): Promise<string> {
  const folder = join(dataDir, "journal");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).toSorted();
  return join(folder, names.at(-1) ?? "");
}

async function expectFatalEnd({ daemon }: Scene): Promise<void> {
  expect((await within("the daemon's end", daemon.process.exited)).code).toBe(1);
  expect(daemon.process.said).toContain("EIO");
  expect((await daemon.log()).at(-1)).toMatchObject({
    level: "fatal",
    event: "daemon.fatal",
    err: { message: expect.stringContaining("EIO") as string },
  });
}

/** Five peers with two writes each: those who come while the disk is busy wait for the batch after. */
async function writeAtOnce({ daemon, writes }: Scene): Promise<void> {
  const peers = await Promise.all(Array.from({ length: 5 }, () => daemon.peer()));
  const inFlight = peers.map((one) => writes.write(one));
  // An answer shows that the write before it is on its way, if the process lives that long.
  await Promise.allSettled(peers.map((one) => one.call("daemon/ping")));
  inFlight.push(...peers.map((one) => writes.write(one)));
  const told = await within("every connection to end", Promise.all(inFlight));
  expect(new Set(told)).toEqual(new Set(["unknown"]));
}

describeIf(hasProgram("cc"), "cc, a C compiler with its headers", "a disk that fails", () => {
  beforeAll(async () => {
    disk = await FaultyDisk.build();
  });
  afterAll(() => disk.remove());

  it.each([
    ["is there after all", false],
    ["is gone, because the kernel dropped it", true],
  ])("S1.9 a sync fails: nobody is answered, the process ends, and what it held %s", async (_, isDropped) => {
    const scene = await onFaultyDisk();
    const { daemon, peer, writes } = scene;
    const { sessionId } = writes;
    const durable = await readFile(await lastSegment(daemon));
    await disk.fail("sync", "EIO", "always");
    // A refusal, and a write that changes nothing: each has seen a head that will never be durable.
    const first = writes.write(peer);
    const refusal = peer.call("session/create", { sessionId });
    const nothing = peer.call("metadata/delete", { sessionId, key: "none" });
    const silent = Promise.allSettled([refusal, nothing]);
    await writeAtOnce(scene);
    expect(await first).toBe("unknown");
    for (const { status, ...rest } of await silent) {
      expect([status, rest]).toMatchObject(["rejected", { reason: { name: "PeerLostError" } }]);
    }
    await expectFatalEnd(scene);
    await disk.heal();

    const segment = await lastSegment(daemon);
    expect((await readFile(segment)).equals(durable)).toBe(false);
    if (isDropped) await writeFile(segment, durable);
    await daemon.start();
    const after = await daemon.peer();
    await writes.verify(after);
    const { activities } = await after.call("session/get", { sessionId });
    if (isDropped) expect(activities).toBe(writes.count("acknowledged"));
    else expect(activities).toBeGreaterThan(writes.count("acknowledged"));
    await writes.repeatUnknown(after);
    await writes.verify(after);
    expect((await after.call("session/get", { sessionId })).activities).toBe(writes.count("acknowledged"));
  });

  it("S1.9 a sync fails once: it is not tried again", async () => {
    const scene = await onFaultyDisk();
    await disk.fail("sync", "EIO", "once");
    expect(await scene.writes.write(scene.peer)).toBe("unknown");
    await expectFatalEnd(scene);
    expect(disk.isFailing("sync")).toBe(false);
    await scene.daemon.start();
    const peer = await scene.daemon.peer();
    await scene.writes.repeatUnknown(peer);
    await scene.writes.verify(peer);
  });

  it("S1.9 a sync fails at the start: there is none, and nothing is lost", async () => {
    const { daemon, writes } = await onFaultyDisk();
    await daemon.kill();
    await disk.fail("sync", "EIO", "always");
    await expect(daemon.start({}, disk.env)).rejects.toMatchObject({
      name: "StartRefusedError",
      exitCode: 1,
      said: expect.stringContaining("EIO") as string,
    });
    await disk.heal();
    await daemon.start();
    await writes.verify(await daemon.peer());
  });

  it.each([
    ["ENOSPC", "write"],
    ["EIO", "write"],
    ["SHORT", "write"],
  ] as const)(
    "S1.9 %s from one write: refused or done, never half, and writes go on",
    async (error, call) => {
      const { daemon, peer, writes } = await onFaultyDisk();
      await disk.fail(call, error, "once");
      const told = await writes.write(peer);
      expect(disk.isFailing(call)).toBe(false);
      // The rest of a short write is written; that is no failure of anything.
      expect(told).toBe(error === "SHORT" ? "acknowledged" : "refused");
      await until(
        "writes to be taken",
        async () => (await writes.write(peer)) === "acknowledged",
        BACK_WITHIN_MS,
      );
      await writes.verify(peer);
      await daemon.crash();
      await writes.verify(await daemon.peer());
    },
  );

  it.each(["ENOSPC", "EIO"] as const)("S1.9 %s from every write: refused, and reads go on", async (error) => {
    const { daemon, peer, writes } = await onFaultyDisk();
    await disk.fail("write", error, "always");
    for (let index = 0; index < 20; index += 1) expect(await writes.write(peer)).toBe("refused");
    expect(writes.refusal).toMatchObject({ type: "journal_unavailable", hint: expect.any(String) as string });
    expect(await peer.call("daemon/ping")).toMatchObject({ pong: true });
    expect(await peer.call("daemon/health")).toMatchObject({ status: "degraded" });
    await writes.verify(peer);
    await disk.heal();
    await until(
      "writes to be taken",
      async () => (await writes.write(peer)) === "acknowledged",
      BACK_WITHIN_MS,
    );
    await daemon.crash();
    await writes.verify(await daemon.peer());
  });

  it("S1.9 a write fails and its cut, too: nobody knows what is there, so nobody is answered", async () => {
    const scene = await onFaultyDisk();
    await disk.fail("write", "ENOSPC", "once");
    await disk.fail("truncate", "EIO", "always");
    expect(await scene.writes.write(scene.peer)).toBe("unknown");
    await expectFatalEnd(scene);
    await disk.heal();
    await scene.daemon.start();
    const peer = await scene.daemon.peer();
    await scene.writes.verify(peer);
    await scene.writes.repeatUnknown(peer);
    await scene.writes.verify(peer);
  });
});
