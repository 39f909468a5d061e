import { describe, expect, it } from "vitest";

import type { Event, Stamp } from "../../src/session/events.js";
import { evolveInvocation, invocationIdOf } from "../../src/session/invocation.js";
import type { Invocation } from "../../src/session/state.js";
import { Collection } from "../../src/supervisor/collection.js";

/** Invocations, of which two that are over are kept of each session. */
function collection(): Collection<Invocation> {
  return new Collection<Invocation>({
    name: "invocation",
    keyOf: ({ invocationId }) => invocationId,
    idOf: invocationIdOf,
    evolve: evolveInvocation,
    owned: {
      ownerOf: ({ sessionId }) => sessionId,
      isOver: ({ status }) => status !== "running",
      keepPerSession: 2,
    },
  });
}

const stamp = (seq: number): Stamp => ({ seq, at: 5, up: 5 });
const started = (invocationId: string, sessionId = "s"): Event => ({
  type: "invocation/started",
  sessionId,
  data: { invocationId, tool: "t", startedAt: 1 },
});
const finished = (invocationId: string, sessionId = "s"): Event => ({
  type: "invocation/finished",
  sessionId,
  data: { invocationId, tool: "t", startedAt: 1, endedAt: 2, status: "failed" },
});
const deleted = (sessionId = "s"): Event => ({ type: "session/deleted", sessionId, data: {} });

/** Applies each event as a record of its own, from `seq` on. */
function apply(one: Collection<Invocation>, events: readonly Event[], seq = 1): number {
  for (const [index, event] of events.entries()) one.apply(event, stamp(seq + index), seq + index);
  return seq + events.length - 1;
}

function ids(things: Iterable<Invocation>): string[] {
  return [...things].map(({ invocationId }) => invocationId);
}

describe("things that belong to sessions", () => {
  it("are found by their session, each as it is at head and as it is durable", () => {
    const one = collection();
    const seq = apply(one, [started("a"), started("b", "t"), started("c")]);
    expect(ids(one.headOf("s"))).toEqual(["a", "c"]);
    expect(ids(one.committedOf("s"))).toEqual([]);
    one.commit(seq);
    apply(one, [finished("a")], seq + 1);
    expect([...one.headOf("s")].map(({ status }) => status)).toEqual(["failed", "running"]);
    expect([...one.committedOf("s")].map(({ status }) => status)).toEqual(["running", "running"]);
    expect(ids(one.committedOf("t"))).toEqual(["b"]);
    expect(ids(one.headOf("nobody"))).toEqual([]);
  });

  it("are dropped where too many are over, the oldest first, and never one that goes on", () => {
    const one = collection();
    const seq = apply(
      one,
      ["a", "b", "c", "d", "e"].map((id) => started(id)),
    );
    one.commit(apply(one, [finished("e"), finished("b"), finished("c")], seq + 1));
    expect(ids(one.committed.values())).toEqual(["a", "c", "d", "e"]);
    one.commit(apply(one, [finished("a"), finished("f", "t")], 20));
    expect(ids(one.headOf("s"))).toEqual(["c", "d", "e"]);
    expect(one.head("a")).toBeUndefined();
    expect(one.head("d")?.status).toBe("running");
    expect(one.headSize).toBe(one.committed.size);
    expect(ids(one.committedOf("t"))).toEqual(["f"]);
  });

  it("go with their session, and leave their ids to others", () => {
    const one = collection();
    one.commit(apply(one, [started("a"), finished("a"), started("b", "t")]));
    const seq = apply(one, [deleted(), started("a", "t")], 10);
    expect(one.head("a")?.sessionId).toBe("t");
    expect(ids(one.headOf("s"))).toEqual([]);
    // Durable is still the one of the session that is being deleted.
    expect(ids(one.committedOf("t"))).toEqual(["b"]);
    one.commit(seq);
    expect(ids(one.committedOf("t"))).toEqual(["b", "a"]);
    expect(one.committed.size).toBe(2);
  });

  it("are back where a deletion, a drop and a start were refused", () => {
    const one = collection();
    one.commit(apply(one, [started("a"), finished("a"), started("b"), finished("b"), started("c")]));
    apply(one, [finished("c"), deleted(), started("a", "t")], 10);
    one.rollback();
    expect(ids(one.headOf("s"))).toEqual(["a", "b", "c"]);
    expect(ids(one.committedOf("s"))).toEqual(["a", "b", "c"]);
    one.commit(apply(one, [finished("c")], 10));
    expect(ids(one.headOf("s"))).toEqual(["b", "c"]);
  });

  it("are the same after a snapshot", () => {
    const one = collection();
    one.commit(apply(one, [started("a"), started("b"), finished("b"), started("c", "t")]));
    const restored = collection();
    for (const thing of one.committed.values()) restored.restore(thing);
    for (const each of [one, restored]) {
      each.commit(apply(each, [finished("a"), started("d"), finished("d")], 10));
      expect(ids(each.headOf("s"))).toEqual(["b", "d"]);
      expect(ids(each.headOf("t"))).toEqual(["c"]);
    }
  });
});
