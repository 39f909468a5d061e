import { describe, expect, it } from "vitest";

import {
  collect,
  durationMs,
  durationOrNeverMs,
  eventTypes,
  sizeBytes,
  wholeNumber,
} from "../../src/cli/optionValues.js";

describe("durationMs", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1.5s", 1_500],
    ["2", 2_000],
    ["5m", 300_000],
    ["5 min", 300_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
  ])("reads %s", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each(["", "s", "-1s", "0", "1y", "1e3", "999999999999999999d"])("refuses %j", (text) => {
    expect(() => durationMs(text)).toThrow("such as 500ms, 30s, 5m or 1h");
  });
});

it("reads a duration, or that there is none", () => {
  expect(durationOrNeverMs("never")).toBe(0);
  expect(durationOrNeverMs("7d")).toBe(604_800_000);
  expect(() => durationOrNeverMs("0")).toThrow("such as 500ms, 30s, 5m or 1h");
});

describe("sizeBytes", () => {
  it.each([
    ["4096", 4_096],
    ["512K", 524_288],
    ["64m", 67_108_864],
    ["2GiB", 2_147_483_648],
    ["1TB", 1_099_511_627_776],
  ])("reads %s", (text, bytes) => {
    expect(sizeBytes(text)).toBe(bytes);
  });

  it.each(["", "M", "0", "-1M", "1.5G", "1P", "9999999T"])("refuses %j", (text) => {
    expect(() => sizeBytes(text)).toThrow("such as 4096, 512K, 64M or 2G");
  });
});

describe("wholeNumber", () => {
  it("reads those from the least one on", () => {
    expect(wholeNumber(1)("1")).toBe(1);
    for (const text of ["0", "-1", "1.5", "", "x", "99999999999999999999"]) {
      expect(() => wholeNumber(1)(text)).toThrow("a whole number, 1 or more");
    }
  });
});

it("collects an option that comes again", () => {
  expect(collect("b", collect("a", undefined))).toEqual(["a", "b"]);
});

it("collects types of events, and refuses what is none", () => {
  expect(eventTypes("command/*", eventTypes("session/ended", undefined))).toEqual([
    "session/ended",
    "command/*",
  ]);
  for (const text of ["session", "session/", "*", "Session/ended"]) {
    expect(() => eventTypes(text, undefined)).toThrow("such as session/ended or command/*");
  }
});
