import { array, assert, integer, property } from "fast-check";
import { describe, expect, it } from "vitest";

import { History, inSteps, merged } from "../../src/sampling/history.js";
import { type Bucket, Ring } from "../../src/sampling/ring.js";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** At the beginning of an hour. */
const START = 490_000 * HOUR_MS;

const sample = (at: number, value: number, diskBytes?: number) => ({
  at,
  cpuPercent: value,
  memoryBytes: value * 1_024,
  processes: value,
  diskBytes,
});

const bucket = (at: number, value = 1): Bucket => ({
  at,
  count: 1,
  cpuPercent: value,
  cpuPercentMax: value,
  memoryBytes: value,
  memoryBytesMax: value,
  processes: value,
  processesMax: value,
  diskBytes: Number.NaN,
});

describe("a ring", () => {
  it("keeps the last ones in order, within its bound, and comes back from its text as it was", () => {
    assert(
      property(array(integer({ min: 1, max: 9 }), { maxLength: 100 }), (gaps) => {
        const ring = new Ring(24);
        let at = 0;
        const all = gaps.map((gap) => bucket((at += gap), gap));
        for (const each of all) ring.push(each);
        expect(ring.from(0)).toEqual(all.slice(-24));
        expect(ring.from(at - 3)).toEqual(all.slice(-24).filter((each) => each.at >= at - 3));
        expect(ring.isFull).toBe(all.length >= 24);
        const copy = new Ring(24);
        copy.fill(ring.encode());
        expect(copy.from(0)).toEqual(ring.from(0));
      }),
    );
  });

  it("begins small, and never takes more than its bound", () => {
    const ring = new Ring(720);
    expect(ring.sizeBytes).toBe(0);
    ring.push(bucket(1));
    expect(ring.sizeBytes).toBe(16 * 40);
    for (let at = 2; at < 5_000; at++) ring.push(bucket(at));
    expect(ring.sizeBytes).toBe(720 * 40);
  });

  it("forgets what claims to be later, where the clock was set back", () => {
    const ring = new Ring(4);
    for (const at of [10, 20, 30, 40, 50, 25]) ring.push(bucket(at));
    expect(ring.from(0).map(({ at }) => at)).toEqual([20, 25]);
    ring.push(bucket(26));
    expect(ring.from(0).map(({ at }) => at)).toEqual([20, 25, 26]);
  });
});

describe("a history", () => {
  it("answers samples as they were, with an hour of them", () => {
    const history = new History();
    for (let second = 0; second < 600; second += 5) history.add(sample(START + second * 1_000, second));
    const found = history.between(START + 60_000, START + 120_000);
    expect(found.map(({ cpuPercent }) => cpuPercent)).toEqual([
      60, 65, 70, 75, 80, 85, 90, 95, 100, 105, 110, 115,
    ]);
    expect(history.lastAt).toBe(START + 595_000);
  });

  it("S2.6 keeps minutes and hours of what is older, with their averages and maxima, without gap or overlap", () => {
    const history = new History();
    const hours = 30;
    for (let at = 0; at < hours * HOUR_MS; at += 5_000)
      history.add(sample(START + at, (at / 5_000) % 12, at < HOUR_MS ? undefined : at));
    const all = history.between(0, Number.POSITIVE_INFINITY);
    const steps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0));
    expect(new Set(steps)).toEqual(new Set([HOUR_MS, MINUTE_MS, 5_000]));
    expect(steps).toEqual(steps.toSorted((a, b) => b - a));
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBe((hours * HOUR_MS) / 5_000);
    expect(all[0]).toMatchObject({ at: START, cpuPercent: 5.5, cpuPercentMax: 11, count: 720 });
    expect(all[0]?.diskBytes).toBeNaN();
    expect(all[1]?.diskBytes).toBeGreaterThan(0);
    expect(all.filter(({ count }) => count === 1)).toHaveLength(720);
  });

  it("stays within its memory, however long it goes on, and comes back from its text", () => {
    const history = new History();
    for (let minute = 0; minute < 45 * 24 * 60; minute++) history.add(sample(START + minute * MINUTE_MS, 1));
    expect(history.sizeBytes).toBe((720 + 1_440 + 720) * 40);
    const copy = History.decode(history.encode());
    expect(copy.between(0, Infinity)).toEqual(history.between(0, Infinity));
    expect(copy.lastAt).toBe(history.lastAt);
    expect(history.between(0, Infinity)[0]?.at).toBeLessThan(START + 20 * 24 * HOUR_MS);
  });

  it("puts a minute together that a restart fell into", () => {
    let history = new History();
    for (const second of [0, 5, 10]) history.add(sample(START + second * 1_000, 30));
    history = History.decode(history.encode());
    for (let second = 50; second < 4_000; second += 5) history.add(sample(START + second * 1_000, 0));
    const [first] = history.between(0, Infinity);
    expect(first).toMatchObject({ at: START, count: 5, cpuPercent: 18, cpuPercentMax: 30 });
  });

  it("shows every sample as long as all of them are there, also those of a minute that began before", () => {
    const history = new History();
    for (let second = 7; second < 127; second += 5) history.add(sample(START + second * 1_000, second));
    expect(history.between(0, Infinity)).toHaveLength(24);
  });

  it("goes on where the clock was set back", () => {
    const history = new History();
    for (let second = 0; second < 300; second += 5) history.add(sample(START + second * 1_000, 1));
    history.add(sample(START + 2_000, 7));
    expect(history.between(0, Infinity).map(({ cpuPercent }) => cpuPercent)).toEqual([1, 7]);
  });

  it("is put together in steps, weighted by what was measured", () => {
    const steps = inSteps([{ ...bucket(0, 2), count: 3 }, bucket(5_000, 6), bucket(60_000, 1)], MINUTE_MS);
    expect(
      steps.map(({ at, count, cpuPercent, cpuPercentMax }) => [at, count, cpuPercent, cpuPercentMax]),
    ).toEqual([
      [0, 4, 3, 6],
      [60_000, 1, 1, 1],
    ]);
    expect(merged(0, [])).toMatchObject({ count: 0, cpuPercent: 0 });
  });
});
