import { beforeEach, describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { Leases } from "../../src/supervisor/leases.js";
import type { Registry } from "../../src/supervisor/registry.js";
import { headOf, session } from "../session/samples.js";
import { SteppedClock } from "./steppedClock.js";

const GRACE_MS = 10_000;

let clock: SteppedClock;
beforeEach(() => {
  clock = new SteppedClock();
});

describe("the end of a lease", () => {
  /** Leases over a session that is held, with a way to record that fails or waits. */
  function leasesOver(submit: (command: Command) => Promise<{ seq: number }>) {
    const committed = session({
      lease: { token: "k", epoch: 2, holder: undefined, claimedAt: 0, isHeld: true },
    });
    const registry = {
      ...headOf([]),
      session: () => head.session,
      committedSessions: new Map([["s", committed]]) as unknown as Registry["committedSessions"],
    };
    const head = { session: committed };
    const leases = new Leases({ registry, clock, submit, graceMs: GRACE_MS });
    leases.begin();
    return { leases, head };
  }

  it("that cannot be recorded comes up again until it is", async () => {
    const asked: Command[] = [];
    let isFull = true;
    const { leases } = leasesOver((command) => {
      asked.push(command);
      return isFull ? Promise.reject(new Error("the disk is full")) : Promise.resolve({ seq: 1 });
    });
    clock.pass(GRACE_MS);
    await expect(leases.releaseDue()).rejects.toThrow("the disk is full");
    await leases.releaseDue();
    expect(asked).toEqual([{ type: "session/lapse", sessionId: "s", epoch: 2 }]);
    clock.pass(1_000);
    isFull = false;
    await leases.releaseDue();
    expect(asked).toHaveLength(2);
    leases.note([
      { type: "session/released", sessionId: "s", data: { epoch: 2, reason: "connection_lost" } },
    ]);
    clock.pass(10_000);
    await leases.releaseDue();
    expect(asked).toHaveLength(2);
  });

  it("does not come while its holder is there, also where the disk refused to say so", async () => {
    const asked: Command[] = [];
    const { leases } = leasesOver((command) => {
      asked.push(command);
      return Promise.reject(new Error("the disk is full"));
    });
    const holder = { isGone: false, taken: () => {} };
    const claiming = leases.claim(holder, { sessionId: "s", takeover: false, held: "k" }, undefined);
    await expect(claiming).rejects.toThrow("the disk is full");
    clock.pass(2 * GRACE_MS);
    await leases.releaseDue();
    expect(asked.map(({ type }) => type)).toEqual(["session/claim"]);
  });

  it("waits while head knows of a later lease, or of none, that is not durable yet", async () => {
    const asked: Command[] = [];
    const { leases, head } = leasesOver((command) => {
      asked.push(command);
      return Promise.resolve({ seq: 1 });
    });
    clock.pass(GRACE_MS);
    const [held, { lease }] = [head.session, head.session];
    if (lease === undefined) throw new Error("it has a lease");
    for (const later of [
      { ...lease, epoch: 3 },
      { ...lease, isHeld: false },
    ]) {
      head.session = { ...held, lease: later };
      await leases.releaseDue();
      clock.pass(1_000);
    }
    expect(asked).toEqual([]);
    // What was decided there was refused by the disk.
    head.session = held;
    await leases.releaseDue();
    expect(asked).toHaveLength(1);
  });
});
