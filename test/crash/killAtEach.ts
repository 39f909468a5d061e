import { expect } from "vitest";

import type { TestDaemon } from "../support/daemon.js";
import { type Peer, PeerLostError } from "../support/peer.js";
import { passing } from "../support/until.js";
import { CAMPAIGN } from "./campaign.js";
import type { KillingDisk, KillMode } from "./killingDisk.js";
import { Random } from "./random.js";
import { straysIn } from "./strays.js";

/** What is tidied up is so within a few seconds, also where others use the machine. */
const PATIENCE_MS = 20_000;
/** A look reads a whole data folder. */
const LOOK_AGAIN_MS = 80;

/** A daemon with a disk that ends it. */
export interface Scene {
  readonly daemon: TestDaemon;
  readonly disk: KillingDisk;
}

/** What is done again and again, and ended at each call of the disk in turn. */
export interface Deed {
  /** Brings everything into the state that it begins with; the daemon runs. */
  readonly prepare: (peer: Peer) => Promise<void>;
  /** Resolves when it was acknowledged. */
  readonly act: (peer: Peer) => Promise<unknown>;
  /** Holds what is there against what was, and answers whether it was done. @throws where it is half done */
  readonly look: (peer: Peer) => Promise<boolean>;
}

/** Which calls of the disk are struck. */
export interface Strikes {
  /** The first of them, from 1. */
  readonly first: number;
  /** From one to the next. */
  readonly step: number;
  readonly mode: KillMode;
}

/** All calls in both ways; or some of them, which ones and how is left to chance. */
export function strikes(deed: number): Strikes[] {
  const { killEvery: step, seed } = CAMPAIGN;
  if (step === 1) return (["before", "half"] as const).map((mode) => ({ first: 1, step, mode }));
  const random = new Random(seed + deed);
  return [{ first: random.between(1, step), step, mode: random.chance(0.5) ? "before" : "half" }];
}

/** Starts the daemon with its disk that ends it, and answers somebody who talks to it. */
export async function startOn({ daemon, disk }: Scene): Promise<Peer> {
  await daemon.start({}, disk.env(daemon.folder));
  return daemon.peer();
}

/**
 * Kills the daemon at each call of the disk in turn that a deed makes, until the deed comes to its end; after each the
 * next daemon must find it done or not done, and tidy up what is left. Answers how many kills it took.
 */
export async function killAtEach(scene: Scene, deed: Deed, { first, step, mode }: Strikes): Promise<number> {
  const { daemon, disk } = scene;
  let peer = await daemon.peer();
  for (let nth = first, kills = 0; ; nth += step, kills += 1) {
    const where = `killed ${mode} call ${nth}`;
    await deed.prepare(peer);
    await whenTidy(daemon, peer, `${where}: before`);
    await disk.arm(nth, mode);
    const isAcknowledged = await attempt(() => deed.act(peer));
    if (isAcknowledged) await attempt(() => whenTidy(daemon, peer, `${where}: the deed`));
    await disk.disarm();
    // Asked only now: it may have ended in this moment, and from here on it does not.
    const hasEnded = peer.isGone || !(await attempt(() => peer.call("daemon/ping")));
    peer.close();
    if (hasEnded) await daemon.kill();
    if (hasEnded) peer = await startOn(scene);
    else peer = await daemon.peer();
    await expectWhole(scene, deed, peer, isAcknowledged, where);
    if (!hasEnded) return kills;
  }
}

/** Done, or not done where nobody was told that it was; and so it stays when everything has been tidied up. */
async function expectWhole(
  { daemon }: Scene,
  { look }: Deed,
  peer: Peer,
  isAcknowledged: boolean,
  where: string,
): Promise<void> {
  const isDone = await look(peer).catch((error: unknown) => {
    throw new Error(where, { cause: error });
  });
  if (isAcknowledged) expect(isDone, `${where}: what was acknowledged`).toBe(true);
  await whenTidy(daemon, peer, where);
  expect(await look(peer), `${where}: later`).toBe(isDone);
}

/** Resolves when nothing lies in the data folder that does not fit the state. @throws what does, after some seconds */
export async function whenTidy(daemon: TestDaemon, peer: Peer, where: string): Promise<void> {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const strays = await straysIn(daemon, peer);
    if (strays.length === 0) return;
    if (performance.now() > giveUpAtMs) throw new Error(`${where}: ${strays.join(", ")}`);
    await passing(LOOK_AGAIN_MS);
  }
}

/** Whether it came to its end; false where the process did first. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof PeerLostError) return false;
    throw error;
  }
}
