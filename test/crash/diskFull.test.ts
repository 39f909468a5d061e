import { expect, it, onTestFinished } from "vitest";

import { isSame, readIdentity } from "../../src/process/identity.js";
import { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf } from "../support/requires.js";
import { until } from "../support/until.js";
import { KnownWrites, type Told } from "./knownWrites.js";
import { MOUNT_NEEDS, SmallDisk } from "./smallDisk.js";

const MIB = 1_024 * 1_024;
/** Small enough that segments are begun and snapshots written while the disk fills. */
const CONFIG = {
  journal: { segmentBytes: 262_144, minimumSnapshotBytes: 262_144, keepMs: 0, keepBytes: MIB },
  sessions: { autoSaveIntervalMs: 100 },
};
/** From the moment in which there is space to the first write that is taken. */
const BACK_WITHIN_MS = 1_000;

interface Scene {
  readonly disk: SmallDisk;
  readonly daemon: TestDaemon;
  readonly peer: Peer;
  readonly writes: KnownWrites;
}

/** A daemon with all that is its own on a disk of that size. */
async function onSmallDisk(sizeBytes: number): Promise<Scene> {
  const disk = await SmallDisk.mount(sizeBytes);
  const daemon = await TestDaemon.prepare({
    config: CONFIG,
    around: disk.around,
    dataDir: `${disk.folder}/data`,
  });
  onTestFinished(async () => {
    try {
      await daemon.close();
    } finally {
      await disk.close();
    }
  });
  await daemon.start();
  const peer = await daemon.peer();
  const { sessionId } = await peer.call("session/create");
  const writes = new KnownWrites(sessionId);
  for (let index = 0; index < 20; index += 1) expect(await writes.write(peer)).toBe("acknowledged");
  return { disk, daemon, peer, writes };
}

/** Writes until one is refused; what fits into the last block is still taken. */
async function untilRefused({ peer, writes }: Scene, length: number): Promise<void> {
  let told: Told;
  do {
    told = await writes.write(peer, length);
  } while (told === "acknowledged");
  expect(told).toBe("refused");
}

/** Fills the disk, and the space too that the daemon gives back upon that. */
async function fillUp(scene: Scene): Promise<void> {
  await scene.disk.fill("filler");
  await untilRefused(scene, 2_000);
  await scene.disk.fill("filler");
}

/** Frees the disk, and expects that writes are taken again soon. */
async function backWithin({ disk, peer, writes }: Scene): Promise<void> {
  await disk.free("filler");
  await until(
    "writes to be taken",
    async () => (await writes.write(peer)) === "acknowledged",
    BACK_WITHIN_MS,
  );
}

async function crashAndVerify({ daemon, writes }: Scene): Promise<void> {
  await daemon.crash();
  const peer = await daemon.peer();
  await writes.verify(peer);
  expect(await peer.call("daemon/health")).toMatchObject({ status: "ok" });
}

describeIf(SmallDisk.canMount(), MOUNT_NEEDS, "a full disk", () => {
  it("S1.9 refuses writes and says why, reads go on, and writes come back with the space", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { peer, writes, daemon } = scene;
    const { sessionId } = writes;
    await fillUp(scene);
    expect(writes.refusal).toMatchObject({
      message: expect.stringMatching(/ENOSPC|no more bytes/) as string,
      hint: expect.stringContaining("free space") as string,
    });
    const create = peer.call("session/create", { sessionId: "refused" });
    await expect(create).rejects.toMatchObject({ type: "journal_unavailable" });
    const start = peer.call("command/start", { sessionId, argv: ["true"] });
    await expect(start).rejects.toMatchObject({ type: "journal_unavailable" });

    expect(await peer.call("daemon/ping")).toMatchObject({ pong: true });
    const { status, checks } = await peer.call("daemon/health");
    expect(status).toBe("degraded");
    expect(checks).toContainEqual(expect.objectContaining({ name: "journal", status: "degraded" }));
    expect((await peer.call("session/list")).items.map((session) => session.sessionId)).toEqual([sessionId]);
    await peer.call("event/subscribe", { sinceSeq: 0 });
    await peer.when("the past", () => peer.events.length > writes.count("acknowledged"));
    await writes.verify(peer);

    await backWithin(scene);
    await writes.verify(peer);
    expect(await peer.call("daemon/health")).toMatchObject({ status: "ok" });
    await expect(peer.call("session/get", { sessionId: "refused" })).rejects.toMatchObject({
      type: "session_not_found",
    });
    await crashAndVerify(scene);
    expect((await (await daemon.peer()).call("command/list", { sessionId })).total).toBe(0);
  });

  it("B.5 stops commands in time all the same, and records it when it can", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { peer, writes, disk } = scene;
    const { sessionId } = writes;
    const stubborn = ["sh", "-c", "trap '' TERM; (trap '' TERM; sleep 100) & echo up; wait; sleep 100"];
    const limits = { startToCloseMs: 1_500, graceMs: 200 };
    const { commandId } = await peer.call("command/start", {
      sessionId,
      argv: stubborn,
      cwd: disk.folder,
      ...limits,
    });
    await peer.call("command/output", { commandId, follow: true });
    const pid = await until("the start", async () => (await peer.call("command/get", { commandId })).pid);
    const identity = readIdentity(pid);
    if (identity === undefined) throw new Error("the command ended before the disk was full");
    await fillUp(scene);
    await until("its end", () => !isSame(identity), 5_000);
    await until("the end of all of it", async () => (await scene.daemon.leftovers()).length === 0, 5_000);
    // What the reserve gave back is filled too, so nothing of it can have been recorded.
    await disk.fill("filler");
    await backWithin(scene);
    const ended = await peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause: "start_to_close" });
    await crashAndVerify(scene);
    const after = await (await scene.daemon.peer()).call("command/get", { commandId });
    expect(after).toEqual(ended);
  });

  it("S1.9 that its own writes filled loses none of those that were taken", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { disk, peer, writes } = scene;
    await disk.fill("filler", 16 * MIB);
    // Several at once: some of a refused batch had been decided on top of each other.
    await Promise.all(Array.from({ length: 8 }, () => untilRefused(scene, 20_000)));
    await writes.verify(peer);
    await backWithin(scene);
    await crashAndVerify(scene);
  });

  it("S1.9 is no reason not to start, as long as there is a reserve", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { daemon, disk, writes } = scene;
    await daemon.kill();
    await disk.fill("filler");
    await daemon.start();
    const peer = await daemon.peer();
    await writes.verify(peer);
    await disk.fill("filler");
    await untilRefused({ ...scene, peer }, 2_000);
    await backWithin({ ...scene, peer });
    await crashAndVerify(scene);
  });

  it("S1.9 without a reserve refuses the start, says what to do, and has lost nothing", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { daemon, disk, writes } = scene;
    await fillUp(scene);
    await daemon.kill();
    await disk.fill("filler");
    const refused: unknown = await daemon.start().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      name: "StartRefusedError",
      message: expect.stringMatching(/the disk of .*journal is full.*Free some megabytes/) as string,
    });
    await disk.free("filler");
    await daemon.start();
    const peer = await daemon.peer();
    await writes.verify(peer);
    expect(await writes.write(peer)).toBe("acknowledged");
  });

  it("S1.9 does not make a stop in order a failure", async () => {
    const scene = await onSmallDisk(24 * MIB);
    const { daemon, disk, writes } = scene;
    await fillUp(scene);
    expect(await daemon.stop()).toEqual({ code: 0, signal: null });
    await disk.free("filler");
    await daemon.start();
    await writes.verify(await daemon.peer());
  });
});
