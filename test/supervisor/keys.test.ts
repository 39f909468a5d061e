import { describe, expect, it } from "vitest";

import { type KeyedCall, Keys, type RememberedKey } from "../../src/supervisor/keys.js";

function call(key: string, digest = 7, method = "session/create"): KeyedCall {
  return { key, method, digest };
}

function remembered(key: string, at: number, seq = at): RememberedKey {
  return { k: key, m: "session/create", d: 7, a: { name: key }, seq, at };
}

function keys(maxKeys = 10): Keys {
  return new Keys({ keepMs: 1_000, maxKeys });
}

function namesIn(some: Keys): string[] {
  return [...some.remembered(Number.POSITIVE_INFINITY)].map(({ k }) => k);
}

describe("a key that is remembered", () => {
  it("answers the same call, and refuses another", () => {
    const some = keys();
    expect(some.find(call("k"), 5)).toEqual({ state: "new" });
    some.restore(remembered("k", 5));
    expect(some.find(call("k"), 6)).toEqual({ state: "done", entry: remembered("k", 5) });
    const conflict = { state: "refused", refusal: { type: "idempotency_conflict" } };
    expect(some.find(call("k", 8), 6)).toMatchObject(conflict);
    expect(some.find(call("k", 7, "session/end"), 6)).toMatchObject(conflict);
    expect(some.find(call("other"), 6)).toEqual({ state: "new" });
  });

  it("is kept for its time, and not a millisecond longer", () => {
    const some = keys();
    some.restore(remembered("k", 5));
    expect(some.find(call("k"), 1_004)).toMatchObject({ state: "done" });
    expect(some.find(call("k"), 1_005)).toEqual({ state: "new" });
    expect(some.size).toBe(0);
  });

  it("holds up none that are older when it is used again, as a replay does", () => {
    const some = keys();
    some.restore(remembered("k", 0));
    some.restore(remembered("other", 10));
    some.restore(remembered("k", 2_000));
    expect(namesIn(some)).toEqual(["other", "k"]);
    expect(some.find(call("x"), 2_500)).toEqual({ state: "new" });
    expect(namesIn(some)).toEqual(["k"]);
  });

  it("is listed oldest first up to a seq, also while others come and expire", () => {
    const some = keys();
    for (const [key, at] of [
      ["a", 1],
      ["b", 500],
      ["c", 600],
    ] as const)
      some.restore(remembered(key, at));
    const list = some.remembered(600);
    expect(list.next().value).toMatchObject({ k: "a", at: 1 });
    some.hold(call("on its way"));
    some.settle(some.hold(call("later")), undefined, { seq: 601, at: 601 });
    expect(some.find(call("x"), 1_500)).toEqual({ state: "new" });
    expect([...list].map(({ k }) => k)).toEqual(["c"]);
    expect(namesIn(some)).toEqual(["c", "later"]);
  });
});

describe("a key that is held", () => {
  it("is joined by the same call, and refuses another", async () => {
    const some = keys();
    const answer = Promise.resolve({ seq: 7 });
    some.hold(call("k")).answer = answer;
    const found = some.find(call("k"), 5);
    expect(found.state === "pending" && found.answer).toBe(answer);
    expect(some.find(call("k", 8), 5)).toMatchObject({
      refusal: {
        type: "idempotency_conflict",
        message: 'The idempotency key "k" was used for a different call.',
      },
    });
    expect(some.size).toBe(1);
  });

  it("is new again once it was released, and done once it was settled", () => {
    const some = keys();
    const first = some.hold(call("k"));
    some.release(first);
    expect(some.find(call("k"), 5)).toEqual({ state: "new" });
    const second = some.hold(call("k"));
    some.release(first);
    expect(some.size).toBe(1);
    some.settle(second, { name: "k" }, { seq: 5, at: 5 });
    expect(some.find(call("k"), 6)).toEqual({ state: "done", entry: remembered("k", 5) });
  });

  it("never expires, and neither does what was decided after it", () => {
    const some = keys();
    some.hold(call("k")).answer = Promise.resolve({});
    some.restore(remembered("later", 5));
    expect(some.find(call("k"), 9_000)).toMatchObject({ state: "pending" });
    expect(some.size).toBe(2);
  });
});

describe("a memory that is full", () => {
  const full = {
    state: "refused",
    refusal: { type: "limit_reached", details: { limit: "maxKeys", bound: 2 } },
  };

  it("takes no new key, and drops no old one", () => {
    const some = keys(2);
    some.restore(remembered("a", 0));
    some.restore(remembered("b", 500));
    expect(some.find(call("c"), 600)).toMatchObject(full);
    expect(some.find(call("a"), 600)).toMatchObject({ state: "done" });
    expect(some.find(call("b"), 600)).toMatchObject({ state: "done" });
  });

  it("counts what is on its way", () => {
    const some = keys(2);
    some.restore(remembered("a", 0));
    const held = some.hold(call("b"));
    held.answer = Promise.resolve({});
    expect(some.find(call("c"), 1)).toMatchObject(full);
    expect(some.find(call("b"), 1)).toMatchObject({ state: "pending" });
    some.release(held);
    expect(some.find(call("c"), 1)).toEqual({ state: "new" });
  });

  it("has room again when the oldest has had its time", () => {
    const some = keys(2);
    some.restore(remembered("a", 0));
    some.restore(remembered("b", 500));
    expect(some.find(call("c"), 999)).toMatchObject(full);
    expect(some.find(call("c"), 1_000)).toEqual({ state: "new" });
    expect(some.find(call("b"), 1_000)).toMatchObject({ state: "done" });
  });
});
