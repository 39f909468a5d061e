import { describe, expect, it } from "vitest";

import { nextDeadline, remaining } from "../../src/session/deadline.js";
import type { Session } from "../../src/session/state.js";
import { CONFIG, session } from "./samples.js";

const LIMITED: Session["config"] = {
  ...CONFIG,
  idleTimeoutMs: 600,
  lifetimeMs: 5_000,
  heartbeatTimeoutMs: 300,
};

/** Created at 1,000, when the up-time was 100; 200 ms later by both clocks. */
const LATER = { at: 1_200, up: 300, beatUp: 150 };

function limited(changes: Partial<Session> = {}): Session {
  return session({ config: LIMITED, ...changes });
}

describe("remaining", () => {
  it("counts the lifetime on the wall, idleness and heartbeats in up-time", () => {
    expect(remaining(limited(), LATER)).toEqual({ lifetime: 4_800, idle: 400, heartbeat: 150 });
    // A night asleep: the wall has moved on, the up-time has not.
    expect(remaining(limited(), { ...LATER, at: 30_000_000 })).toEqual({
      lifetime: -29_994_000,
      idle: 400,
      heartbeat: 150,
    });
    expect(remaining(limited(), { ...LATER, up: 30_000 })).toMatchObject({ lifetime: 4_800, idle: -29_300 });
  });

  it("holds nothing against a limit of 0", () => {
    expect(remaining(session(), LATER)).toEqual({});
  });

  it("counts no idleness while a command runs", () => {
    const busy = limited({ commands: { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 } });
    expect(remaining(busy, LATER)).toEqual({ lifetime: 4_800, heartbeat: 150 });
  });

  it("lets a paused session neither idle out nor miss a heartbeat; its lifetime goes on", () => {
    expect(remaining(limited({ status: "paused" }), LATER)).toEqual({ lifetime: 4_800 });
  });

  it.each(["completed", "failed", "abandoned", "timed_out"] as const)(
    "leaves one alone that is %s",
    (status) => {
      expect(remaining(limited({ status }), LATER)).toEqual({});
      expect(nextDeadline(limited({ status }), LATER)).toBeUndefined();
    },
  );
});

describe("nextDeadline", () => {
  it("is the limit that runs out first", () => {
    expect(nextDeadline(limited(), LATER)).toEqual({ limit: "heartbeat", leftMs: 150 });
    expect(nextDeadline(limited(), { ...LATER, beatUp: 500 })).toEqual({ limit: "idle", leftMs: 400 });
    expect(nextDeadline(limited(), { ...LATER, at: 5_999 })).toEqual({ limit: "lifetime", leftMs: 1 });
  });

  it("has run out at exactly 0", () => {
    expect(nextDeadline(limited(), { at: 6_000, up: 100, beatUp: 100 })).toEqual({
      limit: "lifetime",
      leftMs: 0,
    });
  });

  it("is none where nothing limits", () => {
    expect(nextDeadline(session(), LATER)).toBeUndefined();
  });
});
