import { describe, expect, it } from "vitest";

import type { Event } from "../../../src/session/events.js";
import { Rates } from "../../../src/supervisor/alerts/rates.js";

function rates(): { rates: Rates; at: (upMs: number) => void } {
  let now = 1_000_000;
  return { rates: new Rates(() => now), at: (upMs) => void (now = 1_000_000 + upMs) };
}

const ended = (status: "succeeded" | "failed" | "cancelled" | "lost"): Event => ({
  type: "command/ended",
  sessionId: "s",
  data: { commandId: "c", status, cause: "exited", durationMs: 1, tool: "t" },
});
const finished = (status: "succeeded" | "failed" | "abandoned"): Event => ({
  type: "invocation/finished",
  sessionId: "s",
  data: { invocationId: "i", tool: "t", startedAt: 1, endedAt: 2, status },
});
const recorded = (at?: number): Event => ({
  type: "activity/recorded",
  sessionId: "s",
  data: { action: "a", ...(at === undefined ? {} : { at }) },
});

describe("rates", () => {
  it("count the last minute, of each session and of all", () => {
    const { rates: counts, at } = rates();
    counts.count("s", "errors", 2);
    at(30_000);
    counts.count("t", "errors", 3);
    expect([
      counts.perMinute("errors", "s"),
      counts.perMinute("errors", "t"),
      counts.perMinute("errors"),
    ]).toEqual([2, 3, 5]);
    at(54_999);
    expect(counts.perMinute("errors", "s")).toBe(2);
    at(60_000);
    expect([counts.perMinute("errors", "s"), counts.perMinute("errors")]).toEqual([0, 3]);
    at(10 * 60_000);
    expect(counts.perMinute("errors")).toBe(0);
    expect([counts.perMinute("commands", "s"), counts.perMinute("errors", "nobody")]).toEqual([0, 0]);
  });

  it("tell what failed from what did not, and from what was told of the past", () => {
    const { rates: counts } = rates();
    const retrying: Event = {
      type: "command/retrying",
      sessionId: "s",
      data: { commandId: "c", attempt: 1, cause: "exited", nextAttemptAt: 1 },
    };
    counts.note([ended("succeeded"), ended("cancelled"), finished("succeeded"), finished("abandoned")]);
    expect(counts.perMinute("errors")).toBe(0);
    counts.note([ended("failed"), ended("lost"), finished("failed"), retrying]);
    expect(counts.perMinute("errors", "s")).toBe(4);
    counts.note([recorded(), recorded(5), { type: "session/touched", sessionId: "s", data: {} }]);
    expect(counts.perMinute("activities", "s")).toBe(1);
  });

  it("keep nothing of sessions in which nothing happens, and of so many at most", () => {
    const { rates: counts, at } = rates();
    for (let number = 0; number < 20_100; number += 1) counts.count(`s${number}`, "activities", 1);
    expect(counts.size).toBe(20_000);
    expect(counts.perMinute("activities")).toBe(20_100);
    expect(counts.perMinute("activities", "s0")).toBe(0);
    at(61_000);
    counts.count("s7", "errors", 1);
    counts.prune();
    expect(counts.size).toBe(1);
  });
});
