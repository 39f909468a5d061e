import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { createSession } from "../../src/supervisor/create.js";
import type { LeaseHolder } from "../../src/supervisor/leases.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";
import { openSupervisor } from "./backup/supervisors.js";
import { SteppedClock } from "./steppedClock.js";

const GRACE_MS = 10_000;

/** A connection that is there until it is cut, and keeps what it is told. */
class FakeHolder implements LeaseHolder {
  isGone = false;
  readonly told: object[] = [];

  taken(notice: object): void {
    this.told.push(notice);
  }
}

const newFolder = temporaryFolders();
let dataDir: string;
let clock: SteppedClock & { advanceTo(): void };
let supervisor: Supervisor;
let isOpen = false;

async function open(options: { readonly isInMemory?: boolean } = {}): Promise<void> {
  const opened = await openSupervisor(dataDir, { clock, leaseGraceMs: GRACE_MS, ...options });
  supervisor = opened;
  isOpen = true;
  onTestFinished(async () => {
    if (supervisor === opened) await close();
  });
}

async function close(): Promise<void> {
  if (isOpen) await supervisor.close();
  isOpen = false;
}

beforeEach(async () => {
  dataDir = await newFolder();
  clock = Object.assign(new SteppedClock(), { advanceTo: () => {} });
  for (const name of ["content", "journal", "snapshots"]) await mkdir(join(dataDir, name), { mode: 0o700 });
});

const claim = (holder: LeaseHolder, more: { held?: string; takeover?: boolean; holder?: string } = {}) =>
  supervisor.leases.claim(holder, { sessionId: "s", takeover: false, ...more }, undefined);
const isHeld = (): boolean => supervisor.session("s").lease?.isHeld === true;

function cut(holder: FakeHolder): void {
  holder.isGone = true;
  supervisor.leases.gone(holder);
}

/** Lets time pass, as the daemon sees it: a look every second. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) {
    clock.pass(Math.min(1_000, ms - passed));
    await supervisor.leases.releaseDue();
  }
}

describe("a lease", () => {
  beforeEach(async () => {
    await open({ isInMemory: true });
    await createSession(supervisor, { sessionId: "s" }, undefined);
  });

  it("lives as long as its connection, and a grace period longer", async () => {
    const holder = new FakeHolder();
    await claim(holder);
    await pass(10 * GRACE_MS);
    expect(isHeld()).toBe(true);
    cut(holder);
    await pass(GRACE_MS - 1);
    expect(isHeld()).toBe(true);
    await pass(1);
    expect(isHeld()).toBe(false);
    expect(holder.told).toEqual([]);
  });

  it("is taken up again within the grace, and then belongs to the new connection", async () => {
    const [first, second] = [new FakeHolder(), new FakeHolder()];
    const { lease, epoch } = await claim(first);
    cut(first);
    await pass(GRACE_MS - 1);
    expect(await claim(second, { held: lease })).toMatchObject({ lease, epoch });
    await pass(10 * GRACE_MS);
    expect(isHeld()).toBe(true);
    cut(second);
    await pass(GRACE_MS);
    expect(isHeld()).toBe(false);
    await expect(claim(second, { held: lease })).rejects.toMatchObject({ refusal: { type: "lease_lost" } });
  });

  it("that is shown on another connection leaves the first, which may go", async () => {
    const [first, second] = [new FakeHolder(), new FakeHolder()];
    const { lease } = await claim(first);
    await claim(second, { held: lease });
    cut(first);
    await pass(10 * GRACE_MS);
    expect(isHeld()).toBe(true);
  });

  it("has its grace where the connection is gone before the answer", async () => {
    const holder = new FakeHolder();
    const claimed = claim(holder);
    cut(holder);
    const { lease } = await claimed;
    await pass(GRACE_MS - 1);
    expect(isHeld()).toBe(true);
    await claim(new FakeHolder(), { held: lease });
    await pass(GRACE_MS);
    expect(isHeld()).toBe(true);
    const late = new FakeHolder();
    const taken = claim(late, { takeover: true });
    cut(late);
    await taken;
    await pass(GRACE_MS);
    expect(isHeld()).toBe(false);
  });

  it("that is taken over is told of to its connection, which then holds nothing", async () => {
    const [former, taker] = [new FakeHolder(), new FakeHolder()];
    await claim(former);
    await claim(taker, { takeover: true, holder: "ben" });
    expect(former.told).toEqual([{ sessionId: "s", epoch: 2, holder: "ben" }]);
    cut(former);
    await pass(10 * GRACE_MS);
    expect(isHeld()).toBe(true);
    await claim(former, { takeover: true });
    expect(taker.told).toEqual([{ sessionId: "s", epoch: 3 }]);
  });

  it("that was let go leaves nothing behind: the next one has its own time", async () => {
    const [first, second] = [new FakeHolder(), new FakeHolder()];
    const { lease } = await claim(first);
    cut(first);
    await pass(GRACE_MS - 1_000);
    await supervisor.submit({ type: "session/release", sessionId: "s", held: lease });
    await claim(second);
    await pass(GRACE_MS);
    expect(isHeld()).toBe(true);
    expect(second.told).toEqual([]);
  });

  it("ends with its session", async () => {
    const holder = new FakeHolder();
    const { lease } = await claim(holder);
    await supervisor.submit({ type: "session/end", sessionId: "s", status: "completed" }, { lease });
    expect(supervisor.session("s")).toMatchObject({ status: "completed", lease: { isHeld: false } });
    cut(holder);
    await pass(2 * GRACE_MS);
    await supervisor.submit({ type: "session/delete", sessionId: "s" });
    await pass(2 * GRACE_MS);
  });

  it("is one of many of a connection, each of which ends with it", async () => {
    const holder = new FakeHolder();
    await createSession(supervisor, { sessionId: "t" }, undefined);
    await claim(holder);
    await supervisor.leases.claim(holder, { sessionId: "t", takeover: false }, undefined);
    cut(holder);
    await pass(GRACE_MS);
    expect(["s", "t"].map((id) => supervisor.session(id).lease?.isHeld)).toEqual([false, false]);
  });

  it("does not lapse while nobody could have shown it", async () => {
    const holder = new FakeHolder();
    await claim(holder);
    cut(holder);
    clock.jump(10 * GRACE_MS);
    await supervisor.leases.releaseDue();
    expect(isHeld()).toBe(true);
  });

  it("is answered anew to the same call, and belongs to whoever repeats it as long as it is held", async () => {
    const call = { key: "k", method: "session/claim", digest: 1 };
    const fields = { sessionId: "s", takeover: false };
    const [first, second] = [new FakeHolder(), new FakeHolder()];
    const answer = await supervisor.leases.claim(first, fields, call);
    cut(first);
    expect(await supervisor.leases.claim(second, fields, call)).toEqual(answer);
    await pass(10 * GRACE_MS);
    expect(isHeld()).toBe(true);
    await supervisor.submit({ type: "session/release", sessionId: "s", held: answer.lease });
    await claim(new FakeHolder());
    expect(await supervisor.leases.claim(second, fields, call)).toEqual(answer);
    expect(supervisor.session("s").lease).toMatchObject({ epoch: 2, isHeld: true });
  });

  it("lets those write who show it, and the daemon", async () => {
    const holder = new FakeHolder();
    const { lease } = await claim(holder);
    const touch = { type: "session/touch", sessionId: "s" } as const;
    expect([undefined, "older", lease].map((shown) => supervisor.leases.admits(touch, shown))).toEqual([
      false,
      false,
      true,
    ]);
    await expect(supervisor.submit(touch)).rejects.toMatchObject({ refusal: { type: "lease_held" } });
    await expect(supervisor.submit(touch, { lease: "older" })).rejects.toMatchObject({
      refusal: { type: "lease_lost" },
    });
    await supervisor.submit(touch, { lease });
    await supervisor.submit(touch, { isOwn: true });
  });

  it("stands behind the key of a call: what was done once is answered to whoever repeats it", async () => {
    const touch = { type: "session/touch", sessionId: "s" } as const;
    const call = { key: "k", method: "session/touch", digest: 1 };
    const first = await supervisor.submit(touch, { call });
    const { lease } = await claim(new FakeHolder());
    expect(await supervisor.submit(touch, { call })).toEqual(first);
    // A refusal is not remembered: the same key may be used once the caller may write.
    const next = { key: "k2", method: "session/touch", digest: 1 };
    await expect(supervisor.submit(touch, { call: next })).rejects.toMatchObject({
      refusal: { type: "lease_held" },
    });
    await supervisor.submit({ type: "session/release", sessionId: "s", held: lease });
    await supervisor.submit(touch, { call: next });
  });
});

describe("a start", () => {
  it("finds the leases that were held, from the journal and from a snapshot, and their grace begins", async () => {
    for (const isSnapshotted of [false, true]) {
      await open();
      if (!isSnapshotted) await createSession(supervisor, { sessionId: "s" }, undefined);
      const { lease, epoch } = await claim(new FakeHolder());
      if (isSnapshotted) await supervisor.snapshot();
      await close();
      clock.pass(10 * GRACE_MS);
      await open();
      await pass(GRACE_MS - 1);
      const again = new FakeHolder();
      expect(await claim(again, { held: lease })).toMatchObject({ lease, epoch });
      cut(again);
      await pass(GRACE_MS);
      expect(supervisor.session("s").lease).toMatchObject({ epoch, isHeld: false });
      await close();
    }
    await open();
    expect((await claim(new FakeHolder())).epoch).toBe(3);
  });
});
