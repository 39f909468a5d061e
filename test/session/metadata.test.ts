import { describe, expect, it } from "vitest";

import type { Bounds, Command } from "../../src/session/commands.js";
import type { Session } from "../../src/session/state.js";
import { after, create, decided, headOf, session, update, withMetadata } from "./samples.js";

describe("metadata", () => {
  /** Whether a command is taken, or which limit refuses it. */
  function limitOf(before: Session, command: Command, bounds: Partial<Bounds>): unknown {
    const decision = decided(headOf([before]), command, { bounds });
    return "refusal" in decision ? (decision.refusal.details?.["limit"] ?? decision.refusal.type) : "taken";
  }

  const set = (key: string, value: string): Command => ({ type: "metadata/set", sessionId: "s", key, value });
  const ways: readonly [string, (key: string, value: string) => Command][] = [
    ["metadata/set", set],
    ["session/update", (key, value) => update({ metadata: { [key]: value } })],
  ];

  describe.each(ways)("by %s", (_, write) => {
    it("holds so many keys, and takes a known one beyond them", () => {
      const before = withMetadata({ a: 1, b: 2 });
      expect(limitOf(before, write("c", ""), { metadataKeys: 3 })).toBe("taken");
      expect(limitOf(before, write("c", ""), { metadataKeys: 2 })).toBe("metadataKeys");
      expect(limitOf(before, write("b", ""), { metadataKeys: 2 })).toBe("taken");
    });

    it("holds a value of so many characters as JSON", () => {
      expect(limitOf(session(), write("k", "12345678"), { metadataValueLength: 10 })).toBe("taken");
      expect(limitOf(session(), write("k", "123456789"), { metadataValueLength: 10 })).toBe(
        "metadataValueLength",
      );
      // Six characters for one.
      expect(limitOf(session(), write("k", "\u0001"), { metadataValueLength: 7 })).toBe(
        "metadataValueLength",
      );
    });

    it("holds so many characters as JSON in all", () => {
      const before = withMetadata({ a: "1" });
      const length = '"a":"1","b":"1234",'.length;
      expect(limitOf(before, write("b", "1234"), { metadataLength: length })).toBe("taken");
      expect(limitOf(before, write("b", "1234"), { metadataLength: length - 1 })).toBe("metadataLength");
      // What is replaced does not count.
      expect(limitOf(before, write("a", "2"), { metadataLength: '"a":"2",'.length })).toBe("taken");
      expect(limitOf(before, write("a", "22"), { metadataLength: '"a":"2",'.length })).toBe("metadataLength");
    });

    it("counts a key as it stands in JSON", () => {
      expect(limitOf(session(), write('"', ""), { metadataLength: '"\\"":"",'.length })).toBe("taken");
      expect(limitOf(session(), write('"', ""), { metadataLength: '"\\"":"",'.length - 1 })).toBe(
        "metadataLength",
      );
    });
  });

  it("is held to the same limits when a session is born with it", () => {
    const born = (metadata: Session["metadata"], bounds: Partial<Bounds>): unknown =>
      limitOf(session(), create({ metadata }), bounds);
    expect(born({ a: 1, b: 2 }, { metadataKeys: 2 })).toBe("taken");
    expect(born({ a: 1, b: 2 }, { metadataKeys: 1 })).toBe("metadataKeys");
    expect(born({ a: "12" }, { metadataValueLength: 4 })).toBe("taken");
    expect(born({ a: "123" }, { metadataValueLength: 4 })).toBe("metadataValueLength");
    expect(born({ a: 1 }, { metadataLength: '"a":1,'.length })).toBe("taken");
    expect(born({ a: 12 }, { metadataLength: '"a":1,'.length })).toBe("metadataLength");
  });

  it("has keys of 1 to so many characters", () => {
    const born = (key: string): unknown =>
      limitOf(session(), create({ metadata: { [key]: 1 } }), { labelLength: 3 });
    expect([born(""), born("k"), born("key"), born("keys")]).toEqual([
      "invalid_params",
      "taken",
      "taken",
      "invalid_params",
    ]);
  });

  it("is set, replaced and deleted", () => {
    const one = after(session(), set("k", "v"));
    expect(one).toMatchObject({ metadata: { k: "v" }, metadataLength: 8, lastActivityUp: 400 });
    const two = after(one ?? session(), set("k", "longer"));
    expect(two).toMatchObject({ metadata: { k: "longer" }, metadataLength: 13 });
    const none = after(two ?? session(), { type: "metadata/delete", sessionId: "s", key: "k" });
    expect(none).toMatchObject({ metadata: {}, metadataLength: 0 });
  });

  it("is not changed by deleting what is not there, whatever an object inherits", () => {
    for (const key of ["k", "constructor", "__proto__"]) {
      expect(decided(headOf([session()]), { type: "metadata/delete", sessionId: "s", key })).toEqual({
        events: [],
      });
    }
  });
});
