import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { LIMITS } from "../../../src/protocol/limits.js";
import type { Result, ValidParams } from "../../../src/protocol/types.js";
import type { Session } from "../../../src/session/state.js";
import { isEnded } from "../../../src/session/state.js";
import { Beats } from "../../../src/supervisor/beats.js";
import { listSessions } from "../../../src/supervisor/read/sessionList.js";
import { Registry } from "../../../src/supervisor/registry.js";
import { session } from "../../session/samples.js";
import { SteppedClock } from "../steppedClock.js";

type Filter = ValidParams<"session/list">;
type Page = Result<"session/list">;

const STATUSES = ["active", "paused", "completed", "failed", "abandoned", "timed_out"] as const;

function registryOf(sessions: readonly Session[]): Registry {
  const registry = new Registry({ keepPerSession: 1 });
  for (const one of sessions) registry.restoreSession(one);
  return registry;
}

function list(registry: Registry, filter: Partial<Filter>): Page {
  const beats = new Beats(new SteppedClock());
  const whole: Filter = {
    limit: 100,
    order: "newest",
    includeArchived: false,
    includeTrashed: false,
    ...filter,
  };
  return listSessions({ registry, beats }, whole);
}

/** All pages of a list, one after the other. */
function pagesOf(registry: Registry, filter: Partial<Filter>): Page[] {
  const pages = [list(registry, filter)];
  for (let cursor = pages[0]?.nextCursor; cursor !== undefined; cursor = pages.at(-1)?.nextCursor)
    pages.push(list(registry, { ...filter, cursor }));
  return pages;
}

const someSessions = fc
  .array(
    fc.record({
      status: fc.constantFrom(...STATUSES),
      isArchived: fc.boolean(),
      isTrashed: fc.constantFrom(false, false, true),
      pinned: fc.boolean(),
      tags: fc.subarray(["a", "b"]),
      userId: fc.constantFrom("ann", "bob", undefined),
      createdAt: fc.integer({ min: 0, max: 4 }).map((day) => day * 1_000),
      lastActivityAt: fc.nat({ max: 5 }),
    }),
    { maxLength: 20 },
  )
  .map((all) =>
    all.map(({ isArchived, isTrashed, ...one }, index) => {
      const archivedAt = isArchived && isEnded(one.status) ? 1 : undefined;
      const deletedAt = isTrashed && isEnded(one.status) ? 2 : undefined;
      return session({ ...one, archivedAt, deletedAt, sessionId: `s${index}`, createdSeq: index * 2 + 1 });
    }),
  );

const someFilter = fc.record(
  {
    status: fc.constantFrom<NonNullable<Filter["status"]>>(...STATUSES, "ended", "archived", "trashed"),
    includeArchived: fc.boolean(),
    includeTrashed: fc.boolean(),
    pinned: fc.boolean(),
    order: fc.constantFrom<Filter["order"]>("newest", "oldest", "recent"),
    tags: fc.subarray(["a", "b"]),
    userId: fc.constant("ann"),
    since: fc.constant(new Date(1_000).toISOString()),
    until: fc.constant(new Date(3_000).toISOString()),
    limit: fc.integer({ min: 1, max: 25 }),
  },
  { requiredKeys: ["order", "limit"] },
);

/** One by which alone the daemon knows already how many there are. */
const someStatus = fc.record(
  {
    status: fc.constantFrom<NonNullable<Filter["status"]>>(...STATUSES, "ended", "archived", "trashed"),
    includeArchived: fc.boolean(),
    includeTrashed: fc.boolean(),
    order: fc.constantFrom<Filter["order"]>("newest", "oldest"),
    limit: fc.integer({ min: 1, max: 5 }),
  },
  { requiredKeys: ["order", "limit"] },
);

/** What the filter means, said as plainly as it goes. */
function expected(sessions: readonly Session[], filter: Partial<Filter>): string[] {
  const { status, tags = [], userId, since, until } = filter;
  const isListed = (one: Session): boolean => {
    if (status === "trashed") return one.deletedAt !== undefined;
    if (one.deletedAt !== undefined && filter.includeTrashed !== true) return false;
    if (status === "archived") return one.archivedAt !== undefined;
    if (one.archivedAt !== undefined && filter.includeArchived !== true) return false;
    return status === undefined || (status === "ended" ? isEnded(one.status) : one.status === status);
  };
  const matching = sessions
    .filter(isListed)
    .filter((one) => tags.every((tag) => one.tags.includes(tag)))
    .filter((one) => filter.pinned === undefined || one.pinned === filter.pinned)
    .filter((one) => userId === undefined || one.userId === userId)
    .filter((one) => since === undefined || one.createdAt >= Date.parse(since))
    .filter((one) => until === undefined || one.createdAt < Date.parse(until));
  const newest = filter.order === "oldest" ? matching : matching.toReversed();
  const sorted =
    filter.order === "recent" ? newest.toSorted((a, b) => b.lastActivityAt - a.lastActivityAt) : newest;
  return sorted.map(({ sessionId }) => sessionId);
}

describe("listSessions", () => {
  it("finds what matches, in order, on pages of any size, and tells how many there are", () => {
    fc.assert(
      fc.property(someSessions, fc.oneof(someFilter, someStatus), (sessions, filter) => {
        const pages = pagesOf(registryOf(sessions), filter);
        const names = expected(sessions, filter);
        expect(pages.flatMap(({ items }) => items.map(({ sessionId }) => sessionId))).toEqual(names);
        expect(new Set(pages.map(({ total }) => total))).toEqual(new Set([names.length]));
        expect(pages).toHaveLength(Math.max(1, Math.ceil(names.length / filter.limit)));
      }),
      { numRuns: 500 },
    );
  });

  it("ends a page before its limit where the sessions are large, whatever it is that makes them so", () => {
    const text = "x".repeat(LIMITS.textLength);
    const label = "\u0001".repeat(LIMITS.labelLength);
    const tool = (index: number): [string, number] => [`${index}-${label}`, 1];
    const toolsUsed = Object.fromEntries(Array.from({ length: LIMITS.toolNames }, (_, index) => tool(index)));
    const larges: Partial<Session>[] = [
      { purpose: label },
      { workingDirectory: text },
      { endReason: text },
      { description: "\n".repeat(LIMITS.textLength) },
      { tags: Array.from({ length: LIMITS.tags }, (_, index) => `${index}${label.slice(2)}`) },
      { totals: { ...session().totals, toolsUsed } },
      { environment: { LONG: text } },
      { name: label, userId: label },
    ];
    for (const large of larges) {
      const sessions = Array.from({ length: 1_000 }, (_, index) =>
        session({ ...large, sessionId: `s${index}`, createdSeq: index + 1 }),
      );
      const pages = pagesOf(registryOf(sessions), { limit: 1_000 });
      const what = Object.keys(large).join();
      for (const page of pages)
        expect(JSON.stringify(page).length, what).toBeLessThan(LIMITS.pageLength * 1.6);
      expect(pages.length, what).toBeGreaterThan(1);
      expect(pages.reduce((sum, { items }) => sum + items.length, 0)).toBe(1_000);
    }
  });
});
