import { describe, expect, it } from "vitest";

import type { Session } from "../../src/session/state.js";
import { Beats } from "../../src/supervisor/beats.js";
import { Limits } from "../../src/supervisor/limits.js";
import { CONFIG, session } from "../session/samples.js";
import { SteppedClock } from "./steppedClock.js";

function open(): { clock: SteppedClock; beats: Beats; limits: Limits; recorded: unknown[] } {
  const clock = new SteppedClock(1_000, 100);
  const beats = new Beats(clock);
  const recorded: unknown[] = [];
  const record = (command: unknown): Promise<void> => {
    recorded.push(command);
    return Promise.resolve();
  };
  return { clock, beats, recorded, limits: new Limits({ clock, beats, record }) };
}

const beating = (changes: Partial<Session> = {}): Session =>
  session({ config: { ...CONFIG, heartbeatTimeoutMs: 50 }, ...changes });

describe("Limits", () => {
  it("awaits a heartbeat from the last one on", () => {
    const { clock, limits } = open();
    expect(limits.heartbeat(beating())).toBe("active");
    clock.pass(30);
    expect(limits.nextDeadline(beating())).toEqual({ limit: "heartbeat", leftMs: 20 });
    limits.heartbeat(beating({ status: "paused" }));
    expect(limits.nextDeadline(beating())).toEqual({ limit: "heartbeat", leftMs: 50 });
  });

  it("says when the first of them runs out if nothing happens until then", () => {
    const { clock, limits } = open();
    clock.pass(30);
    expect(limits.dueMs(beating())).toBe(1_080);
    expect(limits.dueMs(session())).toBeUndefined();
  });

  it("remembers nothing of a session that awaits none", () => {
    const { clock, limits } = open();
    limits.times(beating({ status: "completed" }));
    limits.times(beating({ status: "paused" }));
    limits.times(session());
    clock.pass(40);
    // Had one of those looks made an entry, time would have begun with it.
    expect(limits.nextDeadline(beating())).toEqual({ limit: "heartbeat", leftMs: 50 });
  });

  it("refuses the heartbeat of a session that has ended", () => {
    const { limits, beats } = open();
    expect(() => limits.heartbeat(beating({ status: "failed" }))).toThrow(/needs no heartbeat/);
    expect(beats.lastAt("s")).toBeUndefined();
  });

  it("ends a session for the limit that ran out", async () => {
    const { limits, recorded } = open();
    await limits.expire(beating(), "heartbeat");
    expect(recorded).toEqual([{ type: "session/expire", sessionId: "s", limit: "heartbeat", afterMs: 50 }]);
  });
});
