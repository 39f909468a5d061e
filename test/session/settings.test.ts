import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sessionConfig, sessionConfigPatch } from "../../src/protocol/session.js";
import { mergeSettings } from "../../src/session/settings.js";
import { CONFIG } from "./samples.js";

describe("mergeSettings", () => {
  it("keeps what the patch leaves out, at each level", () => {
    const merged = mergeSettings(CONFIG, {
      idleTimeoutMs: 7,
      retry: { maxAttempts: 5 },
      logging: { level: "debug" },
    });
    expect(merged).toEqual({
      ...CONFIG,
      idleTimeoutMs: 7,
      retry: { ...CONFIG.retry, maxAttempts: 5 },
      logging: { enabled: true, level: "debug" },
    });
  });

  it("answers the settings themselves where there is no patch", () => {
    expect(mergeSettings(CONFIG, undefined)).toBe(CONFIG);
    expect(mergeSettings(CONFIG, {})).toEqual(CONFIG);
  });

  it("takes a key without a value for one that is not there", () => {
    const patch = { graceMs: undefined, retry: { jitter: undefined }, logging: undefined };
    expect(mergeSettings(CONFIG, patch)).toEqual(CONFIG);
  });

  it("replaces lists as a whole", () => {
    const base = mergeSettings(CONFIG, { retry: { nonRetryableExitCodes: [1, 2] } });
    const merged = mergeSettings(base, { retry: { nonRetryableExitCodes: [3] } });
    expect(merged.retry.nonRetryableExitCodes).toEqual([3]);
  });

  it("takes every setting that the protocol has, and the result is a whole configuration", () => {
    const other = {
      idleTimeoutMs: 11,
      lifetimeMs: 12,
      heartbeatTimeoutMs: 13,
      autoSaveIntervalMs: 114,
      logging: { enabled: false, level: "error" as const },
      startToCloseMs: 15,
      stallTimeoutMs: 16,
      graceMs: 17,
      maxOutputBytes: 18,
      retry: {
        maxAttempts: 19,
        initialIntervalMs: 20,
        backoffCoefficient: 21,
        maximumIntervalMs: 22,
        jitter: 0.5,
        nonRetryableExitCodes: [23],
      },
      maxRunningCommands: 24,
      metrics: { watchFiles: true },
      limits: { memoryBytes: 25, processes: 26, cpuPercent: 27, cpuWindowMs: 28 },
      stall: { afterMs: 25, action: "stop" as const, watch: ["cpu" as const] },
    };
    expect(Object.keys(sessionConfigPatch.shape).toSorted()).toEqual(Object.keys(other).toSorted());
    expect(mergeSettings(CONFIG, other)).toEqual(other);
    fc.assert(
      fc.property(fc.subarray(Object.entries(other)), (entries) => {
        const merged = mergeSettings(CONFIG, Object.fromEntries(entries));
        expect(sessionConfig.parse(merged)).toEqual({ ...CONFIG, ...Object.fromEntries(entries) });
      }),
    );
  });
});
