import { describe, expect, it } from "vitest";

import type { Session } from "../../../src/session/state.js";
import { dependsOnSizes } from "../../../src/supervisor/retention/plan.js";
import {
  NOTHING_GOES,
  type RetentionPolicy,
  type RetentionSettings,
} from "../../../src/supervisor/retention/policy.js";
import { session } from "../../session/samples.js";
import { actions, ended, NOW, plan, settings } from "./plans.js";

describe("the ages", () => {
  const AGES = { archiveAfterMs: 100, deleteAfterMs: 300 };

  it("S0.10 archive what ended so long ago, to the millisecond", () => {
    for (const status of ["completed", "failed", "abandoned", "timed_out"] as const) {
      expect(actions([ended({ status })], AGES, { nowMs: 1_099 })).toEqual([undefined]);
      expect(plan([ended({ status })], AGES, { nowMs: 1_100 })).toMatchObject([
        { action: "archive", reason: "retention.archiveAfterMs" },
      ]);
    }
  });

  it("S0.10 delete what is archived and ended so long ago, whenever it was archived", () => {
    const archived = ended({ archivedAt: 1_250 });
    expect(actions([archived], AGES, { nowMs: 1_299 })).toEqual([undefined]);
    expect(actions([archived], AGES, { nowMs: 1_300 })).toEqual(["delete"]);
    // However old it is, it is archived first.
    expect(actions([ended()], AGES)).toEqual(["archive"]);
    expect(actions([ended()], { deleteAfterMs: 300 })).toEqual([undefined]);
  });

  it("S0.10 leave alone what ended in the future", () => {
    expect(actions([ended()], { archiveAfterMs: 1 }, { nowMs: 0 })).toEqual([undefined]);
    expect(actions([ended()], { policies: [{ match: {}, action: "delete" }] }, { nowMs: 0 })).toEqual([
      undefined,
    ]);
  });
});

describe("the trash", () => {
  it("B.7 is emptied of what has been there so long, whatever the other settings say", () => {
    const trashed = ended({ deletedAt: 5_000 });
    expect(actions([trashed], { trashAfterMs: 100 }, { nowMs: 5_099 })).toEqual([undefined]);
    expect(plan([trashed], { trashAfterMs: 100 }, { nowMs: 5_100 })).toMatchObject([
      { action: "delete", reason: "retention.trashAfterMs" },
    ]);
    const policies: RetentionPolicy[] = [
      { match: {}, action: "delete" },
      { match: {}, action: "trash" },
    ];
    expect(actions([trashed], { policies, archiveAfterMs: 1, deleteAfterMs: 1 })).toEqual([undefined]);
  });
});

describe("a policy", () => {
  const policy = (match: RetentionPolicy["match"], more: Partial<RetentionPolicy> = {}): RetentionSettings =>
    settings({ policies: [{ match, action: "trash", ...more }] });

  it("B.7 is about what it matches: all of it", () => {
    const one = ended({ status: "failed", tags: ["ci", "nightly"], userId: "ann", name: "build" });
    const is = (match: RetentionPolicy["match"]): boolean => plan([one], policy(match)).length === 1;
    for (const match of [
      {},
      { status: ["failed", "abandoned"] },
      { tags: ["ci"] },
      { tags: ["nightly", "ci"] },
      { userId: "ann", name: "build", archived: false },
      { olderThanMs: NOW - 1_000 },
    ] as const)
      expect(is(match), JSON.stringify(match)).toBe(true);
    for (const match of [
      { status: ["completed"] },
      { tags: ["ci", "weekly"] },
      { userId: "bob" },
      { name: "Build" },
      { archived: true },
      { olderThanMs: NOW - 999 },
    ] as const)
      expect(is(match), JSON.stringify(match)).toBe(false);
  });

  it("B.7 keeps so many of the newest, whatever their age, and so many bytes", () => {
    const sessions = [3_000, 1_000, 4_000, 2_000].map((endedAt) => ended({ endedAt }));
    expect(actions(sessions, policy({}, { keep: { count: 2 } }))).toEqual([
      undefined,
      "trash",
      undefined,
      "trash",
    ]);
    expect(actions(sessions, policy({}, { keep: { count: 0 } }))).toEqual(Array(4).fill("trash"));
    const old = { olderThanMs: NOW - 1_500 };
    expect(actions(sessions, policy(old, { keep: { count: 2 } }))).toEqual([
      undefined,
      "trash",
      undefined,
      undefined,
    ]);
    expect(actions(sessions, policy(old, { keep: { count: 4 } }))).toEqual(Array(4).fill(undefined));
    const bytes = { keep: { totalBytes: 25 } };
    expect(actions(sessions, policy({}, bytes))).toEqual([undefined, "trash", undefined, "trash"]);
    // What is too large leaves no room for what is older.
    expect(actions(sessions, policy({}, bytes), { sizes: [26, 1, 1, 1] })).toEqual([
      "trash",
      "trash",
      undefined,
      "trash",
    ]);
    const both = { keep: { count: 3, totalBytes: 15 } };
    expect(actions(sessions, policy({}, both))).toEqual(["trash", "trash", undefined, "trash"]);
  });

  it("B.7 has what it wants before those behind it, and the ages come last", () => {
    const sessions = [ended({ tags: ["ci"] }), ended(), ended({ archivedAt: 1_100 })];
    const policies: RetentionPolicy[] = [
      { match: { tags: ["ci"] }, action: "delete" },
      { match: {}, action: "archive" },
      { match: {}, action: "trash" },
    ];
    const steps = plan(sessions, { policies, archiveAfterMs: 1, deleteAfterMs: 1 });
    // What is archived already is nothing for the second, and so the third has it.
    expect(steps.map(({ action, reason }) => [action, reason])).toEqual([
      ["delete", "retention.policies[0]"],
      ["archive", "retention.policies[1]"],
      ["trash", "retention.policies[2]"],
    ]);
  });
});

describe("a quota", () => {
  it("B.7 takes what ended longest ago, by way of the trash, and what is there already first", () => {
    const sessions = [3_000, 1_000, 2_000].map((endedAt) => ended({ endedAt }));
    expect(plan(sessions, { maxSessions: 2 })).toMatchObject([
      { session: sessions[1], action: "trash", reason: "retention.maxSessions" },
    ]);
    const next = [sessions[0], { ...sessions[1], deletedAt: 9_000 }, sessions[2]] as Session[];
    expect(actions(next, { maxSessions: 2 })).toEqual([undefined, "delete", undefined]);
    expect(actions(next, { maxSessions: 1 })).toEqual([undefined, "delete", "trash"]);
    expect(actions(next, { maxSessions: 3 })).toEqual([undefined, undefined, undefined]);
  });

  it("B.7 counts bytes, and leaves what holds none", () => {
    const sessions = [1_000, 2_000, 3_000].map((endedAt) => ended({ endedAt }));
    expect(plan(sessions, { maxTotalBytes: 20 }, { sizes: [0, 15, 15] })).toMatchObject([
      { session: sessions[1], reason: "retention.maxTotalBytes", sizeBytes: 15 },
    ]);
    expect(actions(sessions, { maxTotalBytes: 30 })).toEqual([undefined, undefined, undefined]);
    // Too many and too large: it goes on until neither is true.
    expect(actions(sessions, { maxSessions: 2, maxTotalBytes: 5 })).toEqual(["trash", "trash", "trash"]);
  });

  it("B.7 counts those that are spared, and what goes anyway", () => {
    const alive = session({ sessionId: "alive" });
    const sessions = [alive, ended({ pinned: true }), ended({ deletedAt: 2_000 }), ended(), ended()];
    expect(actions(sessions, { maxSessions: 4, trashAfterMs: 1 })).toEqual([
      undefined,
      undefined,
      "delete",
      undefined,
      undefined,
    ]);
    // Archiving makes no room: that one goes into the trash instead.
    expect(actions(sessions, { maxSessions: 3, trashAfterMs: 1, archiveAfterMs: 1 })).toEqual([
      undefined,
      undefined,
      "delete",
      "trash",
      "archive",
    ]);
    expect(actions(sessions, { maxSessions: 1 })).toEqual([undefined, undefined, "delete", "trash", "trash"]);
  });
});

describe("sizes", () => {
  it("are needed only where something depends on them", () => {
    expect(dependsOnSizes(NOTHING_GOES)).toBe(false);
    expect(dependsOnSizes(settings({ maxSessions: 1, archiveAfterMs: 1 }))).toBe(false);
    expect(dependsOnSizes(settings({ maxTotalBytes: 1 }))).toBe(true);
    const keeping = (keep: RetentionPolicy["keep"]): RetentionSettings =>
      settings({ policies: [{ match: {}, keep, action: "trash" }] });
    expect([keeping({ count: 1 }), keeping({ totalBytes: 1 })].map(dependsOnSizes)).toEqual([false, true]);
  });
});
