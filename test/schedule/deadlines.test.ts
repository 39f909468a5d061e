import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeadlineHeap } from "../../src/schedule/deadlines.js";

type Step =
  | { readonly do: "arm"; readonly key: number; readonly dueMs: number }
  | { readonly do: "disarm"; readonly key: number }
  | { readonly do: "pop"; readonly nowMs: number; readonly limit: number };

const key = fc.nat({ max: 30 });
const timeMs = fc.integer({ min: -50, max: 50 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("arm" as const), key, dueMs: timeMs }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("disarm" as const), key }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("pop" as const), nowMs: timeMs, limit: fc.nat({ max: 40 }) }),
  },
);

/** The same thing as simply as can be: a map, searched from end to end. */
class Model {
  readonly due = new Map<number, number>();

  arm(key: number, dueMs: number): void {
    this.due.set(key, Math.min(dueMs, this.due.get(key) ?? dueMs));
  }
}

/** Does one step to both, and compares. Keys due at one time may come in any order. */
function follow(heap: DeadlineHeap<number>, model: Model, step: Step): void {
  if (step.do === "arm") {
    heap.arm(step.key, step.dueMs);
    model.arm(step.key, step.dueMs);
  } else if (step.do === "disarm") {
    heap.disarm(step.key);
    model.due.delete(step.key);
  } else {
    const popped = heap.popDue(step.nowMs, step.limit);
    const dueTimes = popped.map((key) => model.due.get(key));
    const expected = [...model.due.values()].filter((dueMs) => dueMs <= step.nowMs).toSorted((a, b) => a - b);
    expect(dueTimes).toEqual(expected.slice(0, step.limit));
    expect(new Set(popped).size).toBe(popped.length);
    for (const key of popped) model.due.delete(key);
  }
  expect(heap.size).toBe(model.due.size);
  expect(heap.entries).toBeLessThanOrEqual(Math.max(64, 2 * heap.size));
}

describe("DeadlineHeap", () => {
  it("does what a plain map does", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const heap = new DeadlineHeap<number>();
        const model = new Model();
        for (const each of steps) follow(heap, model, each);
        follow(heap, model, { do: "pop", nowMs: 50, limit: 1_000 });
      }),
      { numRuns: 300 },
    );
  });

  it("leaves an earlier deadline as it is", () => {
    const heap = new DeadlineHeap<string>();
    heap.arm("a", 10);
    heap.arm("a", 20);
    expect(heap.entries).toBe(1);
    expect(heap.popDue(9)).toEqual([]);
    expect(heap.popDue(10)).toEqual(["a"]);
    expect(heap.popDue(20)).toEqual([]);
  });

  it("forgets a disarmed deadline even when the key is armed again for later", () => {
    const heap = new DeadlineHeap<string>();
    heap.arm("a", 10);
    heap.disarm("a");
    heap.disarm("never armed");
    heap.arm("a", 20);
    expect(heap.popDue(19)).toEqual([]);
    expect(heap.popDue(20)).toEqual(["a"]);
    expect([heap.size, heap.entries]).toEqual([0, 0]);
  });

  it("pops a key once even when it was disarmed and armed for the same time", () => {
    const heap = new DeadlineHeap<string>();
    heap.arm("a", 10);
    heap.disarm("a");
    heap.arm("a", 10);
    expect(heap.popDue(10)).toEqual(["a"]);
    expect(heap.popDue(10)).toEqual([]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("refuses the time %d", (dueMs) => {
    expect(() => new DeadlineHeap().arm("a", dueMs)).toThrow(RangeError);
  });

  it("holds no more than twice what is armed, however often deadlines move", () => {
    const heap = new DeadlineHeap<number>();
    for (let round = 100; round > 0; round -= 1) {
      for (let key = 0; key < 100; key += 1) heap.arm(key, round * 100 + key);
      expect(heap.entries).toBeLessThanOrEqual(200);
    }
    for (let key = 0; key < 100; key += 1) heap.disarm(key);
    expect(heap.entries).toBeLessThanOrEqual(64);
  });

  it("carries 100,000 keys, in order", () => {
    const heap = new DeadlineHeap<number>();
    const dueOf = (key: number): number => (key * 7_919) % 100_003;
    for (let key = 0; key < 100_000; key += 1) heap.arm(key, dueOf(key));
    for (let key = 0; key < 100_000; key += 2) heap.disarm(key);
    const popped = heap.popDue(200_000);
    expect(popped).toHaveLength(50_000);
    expect(popped.every((key, index) => index === 0 || dueOf(popped[index - 1] ?? 0) < dueOf(key))).toBe(
      true,
    );
  });
});
