import { describe, expect, it } from "vitest";

import { digestOf, type KeyedCall, Keys, type RememberedKey } from "../../src/supervisor/keys.js";

function call(key: string, digest = "digest", method = "session/create"): KeyedCall {
  return { key, method, digest };
}

function remembered(key: string, at: number, seq = at): RememberedKey {
  return { k: key, m: "session/create", d: "digest", a: { name: key }, seq, at };
}

function keys(maxKeys = 10): Keys {
  return new Keys({ keepMs: 1_000, maxKeys });
}

describe("a key that is remembered", () => {
  it("answers the same call, and refuses another", () => {
    const some = keys();
    expect(some.find(call("k"), 5)).toEqual({ state: "new" });
    some.remember(remembered("k", 5));
    expect(some.find(call("k"), 6)).toEqual({ state: "done", entry: remembered("k", 5) });
    const conflict = { state: "refused", refusal: { type: "idempotency_conflict" } };
    expect(some.find(call("k", "other"), 6)).toMatchObject(conflict);
    expect(some.find(call("k", "digest", "session/end"), 6)).toMatchObject(conflict);
    expect(some.find(call("other"), 6)).toEqual({ state: "new" });
  });

  it("is kept for its time, and not a millisecond longer", () => {
    const some = keys();
    some.remember(remembered("k", 5));
    expect(some.find(call("k"), 1_004)).toMatchObject({ state: "done" });
    expect(some.find(call("k"), 1_005)).toEqual({ state: "new" });
    expect(some.size).toBe(0);
  });

  it("holds up none that are older when it is used again, as a replay does", () => {
    const some = keys();
    some.restore(remembered("k", 0));
    some.restore(remembered("other", 10));
    some.restore(remembered("k", 2_000));
    expect(some.entries().map(({ k }) => k)).toEqual(["other", "k"]);
    expect(some.find(call("x"), 2_500)).toEqual({ state: "new" });
    expect(some.entries().map(({ k }) => k)).toEqual(["k"]);
  });

  it("comes back from a snapshot in the same order", () => {
    const some = keys();
    for (const [index, key] of ["a", "b", "c"].entries()) some.restore(remembered(key, index));
    const others = keys();
    for (const entry of JSON.parse(JSON.stringify(some.entries())) as RememberedKey[]) others.restore(entry);
    expect(others.entries()).toEqual(some.entries());
  });
});

describe("a key that is held", () => {
  it("is joined by the same call, and refuses another", async () => {
    const some = keys();
    const answer = Promise.resolve({ seq: 7 });
    some.hold(call("k")).answer = answer;
    const found = some.find(call("k"), 5);
    expect(found.state === "pending" && found.answer).toBe(answer);
    expect(some.find(call("k", "other"), 5)).toMatchObject({
      refusal: {
        type: "idempotency_conflict",
        message: 'The idempotency key "k" was used for a different call.',
      },
    });
    expect(some.size).toBe(1);
  });

  it("is new again once it was released, and done once it was remembered", () => {
    const some = keys();
    some.hold(call("k"));
    some.release("k");
    expect(some.find(call("k"), 5)).toEqual({ state: "new" });
    some.hold(call("k"));
    some.remember(remembered("k", 5));
    expect(some.find(call("k"), 6)).toMatchObject({ state: "done" });
    some.release("k");
    expect(some.find(call("k"), 6)).toMatchObject({ state: "done" });
  });
});

describe("a memory that is full", () => {
  const full = {
    state: "refused",
    refusal: { type: "limit_reached", details: { limit: "maxKeys", bound: 2 } },
  };

  it("takes no new key, and drops no old one", () => {
    const some = keys(2);
    some.remember(remembered("a", 0));
    some.remember(remembered("b", 500));
    expect(some.find(call("c"), 600)).toMatchObject(full);
    expect(some.find(call("a"), 600)).toMatchObject({ state: "done" });
    expect(some.find(call("b"), 600)).toMatchObject({ state: "done" });
  });

  it("counts what is on its way", () => {
    const some = keys(2);
    some.remember(remembered("a", 0));
    some.hold(call("b")).answer = Promise.resolve({});
    expect(some.find(call("c"), 1)).toMatchObject(full);
    expect(some.find(call("b"), 1)).toMatchObject({ state: "pending" });
    some.release("b");
    expect(some.find(call("c"), 1)).toEqual({ state: "new" });
  });

  it("has room again when the oldest has had its time", () => {
    const some = keys(2);
    some.remember(remembered("a", 0));
    some.remember(remembered("b", 500));
    expect(some.find(call("c"), 999)).toMatchObject(full);
    expect(some.find(call("c"), 1_000)).toEqual({ state: "new" });
    expect(some.find(call("b"), 1_000)).toMatchObject({ state: "done" });
  });
});

describe("digestOf", () => {
  it("tells params apart, and is short enough for every record", () => {
    expect(digestOf({ a: 1, b: [2] })).toBe(digestOf({ a: 1, b: [2] }));
    const others = [{}, { a: 1 }, { a: "1" }, { a: 1, b: [2, 0] }, { a: 1, b: { 0: 2 } }];
    const digests = [...others, { a: 1, b: [2] }].map((params) => digestOf(params));
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf({})).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});
