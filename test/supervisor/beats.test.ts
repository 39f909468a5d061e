import { describe, expect, it } from "vitest";

import { Beats } from "../../src/supervisor/beats.js";
import { SteppedClock } from "./steppedClock.js";

describe("Beats", () => {
  it("awaits the next beat from the last one on, in up-time", () => {
    const clock = new SteppedClock(1_000, 100);
    const beats = new Beats(clock);
    beats.beat("s");
    clock.pass(50);
    expect(beats.since("s")).toBe(100);
    beats.beat("s");
    clock.jump(9_000);
    expect(beats.since("s")).toBe(150);
    expect(beats.lastAt("s")).toBe(1_050);
  });

  it("gives a session that never beat its whole time from the first look on", () => {
    const clock = new SteppedClock(1_000, 100);
    const beats = new Beats(clock);
    clock.pass(50);
    expect(beats.since("s")).toBe(150);
    clock.pass(50);
    expect(beats.since("s")).toBe(150);
    expect(beats.lastAt("s")).toBeUndefined();
  });

  it("counts from a given moment on, and still tells of the last beat", () => {
    const clock = new SteppedClock(1_000, 100);
    const beats = new Beats(clock);
    beats.beat("s");
    clock.pass(50);
    beats.expect("s");
    clock.pass(50);
    expect(beats.since("s")).toBe(150);
    expect(beats.lastAt("s")).toBe(1_000);
  });

  it("gives one that was forgotten its whole time anew", () => {
    const clock = new SteppedClock(1_000, 100);
    const beats = new Beats(clock);
    beats.beat("s");
    beats.beat("other");
    clock.pass(50);
    beats.forget("s");
    expect(beats.lastAt("s")).toBeUndefined();
    expect(beats.since("s")).toBe(150);
    expect(beats.since("other")).toBe(100);
  });
});
