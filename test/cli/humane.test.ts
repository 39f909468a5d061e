import { describe, expect, it } from "vitest";

import { ago, bytes, clockTime, counted, duration } from "../../src/cli/humane.js";

describe("duration", () => {
  it.each([
    [0, "0 ms"],
    [340.4, "340 ms"],
    [1_234, "1.2 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_600, "1 min"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [86_399_000, "1 d"],
    [273_600_000, "3 d 4 h"],
  ])("says %d ms as %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});

describe("ago", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  it.each([
    ["2026-11-21T12:00:05Z", "just now"],
    ["2026-11-21T11:59:59.500Z", "just now"],
    ["2026-11-21T11:59:48Z", "12 s ago"],
    ["2026-11-21T11:57:00Z", "3 min ago"],
    ["2026-11-21T07:00:00Z", "5 h ago"],
    ["2026-11-19T12:00:00Z", "2 d ago"],
    ["2026-09-01T12:00:00Z", "2026-09-01"],
  ])("says %s as %s", (time, words) => {
    expect(ago(time, now)).toBe(words);
  });
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [1_500, "1.5 kB"],
    [9_960, "10 kB"],
    [23_400_000, "23 MB"],
    [3_000_000_000, "3.0 GB"],
    [5e12, "5.0 TB"],
  ])("says %d as %s", (size, words) => {
    expect(bytes(size)).toBe(words);
  });
});

it("counts things", () => {
  expect(counted(1, "try", "tries")).toBe("1 try");
  expect(counted(2_000, "event")).toBe("2,000 events");
});

it("tells the time of day", () => {
  expect(clockTime("2026-11-21T12:03:04.567Z")).toMatch(/^\d\d:\d\d:04$/);
});
