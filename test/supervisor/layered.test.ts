import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { Layered, type Slot } from "../../src/supervisor/layered.js";

interface Value {
  readonly name: number;
}

const KEYS = ["a", "b", "c"];

type Step = { readonly set: readonly (readonly [key: string, removes: boolean])[] } | "commit" | "rollback";

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        set: fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.boolean()), { minLength: 1, maxLength: 3 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant("commit" as const) },
    { weight: 1, arbitrary: fc.constant("rollback" as const) },
  ),
  { maxLength: 40 },
);

/** The same in the plainest way: a map, and the records that are on their way, laid over it one by one. */
class Naive {
  committed = new Map<string, Value>();
  ahead: ReadonlyMap<string, Value | undefined>[] = [];

  head(): Map<string, Value> {
    const head = new Map(this.committed);
    for (const record of this.ahead) lay(head, record);
    return head;
  }

  commit(): void {
    lay(this.committed, this.ahead.shift() ?? new Map());
  }
}

function lay(map: Map<string, Value>, record: ReadonlyMap<string, Value | undefined>): void {
  for (const [key, value] of record) {
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
}

describe("Layered", () => {
  it("is what a map with records laid over it is, in any order of sets, commits and rollbacks", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const layered = new Layered<Value>();
        const naive = new Naive();
        const inFlight: {
          readonly slot: Slot<Value>;
          readonly value: Value | undefined;
          readonly seq: number;
        }[][] = [];
        let seq = 0;
        for (const step of list) {
          if (step === "commit") {
            const next = inFlight.shift();
            for (const { slot, value, seq: moved } of next ?? []) layered.commit(slot, value, moved);
            naive.commit();
          } else if (step === "rollback") {
            layered.rollback();
            inFlight.length = 0;
            naive.ahead = [];
          } else {
            seq += 1;
            const record = new Map<string, Value | undefined>();
            for (const [key, removes] of step.set) {
              const value = removes ? undefined : { name: seq };
              layered.move(layered.slot(key), value, seq);
              record.set(key, value);
            }
            inFlight.push([...record].map(([key, value]) => ({ slot: layered.slot(key), value, seq })));
            naive.ahead.push(record);
          }
          const head = naive.head();
          expect(KEYS.map((key) => layered.head(key))).toEqual(KEYS.map((key) => head.get(key)));
          expect(layered.headSize).toBe(head.size);
          expect([...layered.committed]).toEqual([...naive.committed]);
          expect([...layered.committed.newestFirst()]).toEqual([...naive.committed.values()].toReversed());
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("keeps a removal at head although an earlier one of the same key becomes durable", () => {
    const layered = new Layered<Value>();
    layered.restore("a", { name: 0 });
    const slot = layered.slot("a");
    const again = { name: 2 };
    for (const [index, value] of [undefined, again, undefined].entries())
      layered.move(slot, value, index + 1);
    layered.commit(slot, undefined, 1);
    layered.commit(slot, again, 2);
    expect(layered.head("a")).toBeUndefined();
    expect(layered.committed.get("a")).toEqual({ name: 2 });
    expect(layered.headSize).toBe(0);
  });

  it("shares the values of both layers", () => {
    const layered = new Layered<Value>();
    const value = { name: 1 };
    layered.restore("a", value);
    expect(layered.head("a")).toBe(value);
    expect(layered.committed.get("a")).toBe(value);
    expect(layered.headSize).toBe(1);
  });
});
