import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isEnded } from "../../../src/session/state.js";
import {
  type Candidate,
  isCandidate,
  planRetention,
  type RetentionStep,
} from "../../../src/supervisor/retention/plan.js";
import type { RetentionPolicy, RetentionSettings } from "../../../src/supervisor/retention/policy.js";
import { ended, RUNNING } from "./plans.js";

const someSession = fc
  .record({
    status: fc.constantFrom("active", "paused", "completed", "failed", "abandoned", "timed_out"),
    endedAt: fc.nat(2_000),
    archivedAt: fc.option(fc.nat(2_000), { nil: undefined }),
    deletedAt: fc.option(fc.nat(2_000), { nil: undefined }),
    pinned: fc.boolean(),
    tags: fc.subarray(["a", "b"]),
    running: fc.constantFrom(0, 0, 0, 1),
    sizeBytes: fc.nat(100),
  })
  .map(({ status, running, sizeBytes, ...fields }): Candidate => {
    const isOver = isEnded(status);
    const commands = { ...RUNNING, running };
    const one = ended({ ...(isOver ? fields : { pinned: fields.pinned, endedAt: undefined }), commands });
    return { session: { ...one, status: status }, sizeBytes };
  });
const small = fc.nat(1_500);
const somePolicy: fc.Arbitrary<RetentionPolicy> = fc.record(
  {
    match: fc.record(
      { tags: fc.subarray(["a", "b"]), archived: fc.boolean(), olderThanMs: small },
      { requiredKeys: [] },
    ),
    keep: fc.record({ count: fc.nat(4), totalBytes: fc.nat(200) }, { requiredKeys: [] }),
    action: fc.constantFrom("archive" as const, "trash" as const, "delete" as const),
  },
  { requiredKeys: ["match", "action"] },
);
const someSettings: fc.Arbitrary<RetentionSettings> = fc.record({
  archiveAfterMs: small,
  deleteAfterMs: small,
  trashAfterMs: small,
  policies: fc.array(somePolicy, { maxLength: 3 }),
  maxSessions: fc.nat(6),
  maxTotalBytes: fc.nat(300),
});

describe("any plan", () => {
  const check = (
    holds: (
      steps: readonly RetentionStep[],
      all: readonly Candidate[],
      set: RetentionSettings,
      nowMs: number,
    ) => void,
  ): void => {
    fc.assert(
      fc.property(
        fc.array(someSession, { maxLength: 12 }),
        someSettings,
        fc.nat(3_000),
        (all, set, nowMs) => {
          const candidates = all.filter((one) => isCandidate(one.session));
          const sizeBytes = all.reduce((sum, one) => sum + one.sizeBytes, 0);
          holds(planRetention(candidates, { count: all.length, sizeBytes }, set, nowMs), all, set, nowMs);
        },
      ),
      { numRuns: 500 },
    );
  };

  it("S4.4 spares what is active, paused, pinned or still stops, whatever its age", () => {
    check((steps) => {
      for (const { session: one } of steps) {
        expect(isEnded(one.status)).toBe(true);
        expect([one.pinned, one.commands.running]).toEqual([false, 0]);
      }
    });
  });

  it("B.7 takes one step a session, in their order, that changes something, and for a reason that is set", () => {
    check((steps, all, set) => {
      const order = steps.map((step) => all.findIndex((one) => one.session === step.session));
      expect(order).toEqual([...new Set(order)].toSorted((a, b) => a - b));
      for (const { session: one, action, reason } of steps) {
        if (one.deletedAt !== undefined) expect(action).toBe("delete");
        if (action === "archive") expect(one.archivedAt).toBeUndefined();
        const [, name = "", index] = /^retention\.(\w+)(?:\[(\d+)\])?$/.exec(reason) ?? [];
        const value = Reflect.get(set, name) as unknown;
        expect(index === undefined ? value : (value as unknown[])[Number(index)]).toBeTruthy();
      }
    });
  });

  it("B.7 meets the quotas, or leaves nothing that could go", () => {
    check((steps, all, { maxSessions, maxTotalBytes }) => {
      const going = new Set(steps.filter(({ action }) => action !== "archive").map((step) => step.session));
      const left = all.filter((one) => !going.has(one.session));
      const free = left.filter((one) => isCandidate(one.session));
      const leftBytes = left.reduce((sum, one) => sum + one.sizeBytes, 0);
      if (maxSessions > 0 && free.length > 0) expect(left.length).toBeLessThanOrEqual(maxSessions);
      if (maxTotalBytes > 0 && free.some(({ sizeBytes }) => sizeBytes > 0))
        expect(leftBytes).toBeLessThanOrEqual(maxTotalBytes);
    });
  });

  it("B.7 comes to rest: followed over and over it ends with nothing to do", () => {
    check((steps, all, set, nowMs) => {
      let state = all;
      let next = steps;
      for (let round = 0; next.length > 0; round += 1) {
        expect(round).toBeLessThan(6);
        state = state.flatMap((one): Candidate[] => {
          const step = next.find((each) => each.session === one.session);
          if (step === undefined) return [one];
          if (step.action === "delete") return [];
          const changes = step.action === "archive" ? { archivedAt: nowMs } : { deletedAt: nowMs };
          return [{ ...one, session: { ...one.session, ...changes } }];
        });
        const sizeBytes = state.reduce((sum, one) => sum + one.sizeBytes, 0);
        const candidates = state.filter((one) => isCandidate(one.session));
        next = planRetention(candidates, { count: state.length, sizeBytes }, set, nowMs + round);
        // Time goes on slowly, so what is in the trash stays unless a quota or its time wants it.
      }
    });
  });
});
