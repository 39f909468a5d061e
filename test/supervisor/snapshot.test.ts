import { describe, expect, it } from "vitest";

import { Bodies } from "../../src/supervisor/bodies.js";
import { Keys } from "../../src/supervisor/keys.js";
import { Registry } from "../../src/supervisor/registry.js";
import { restoreEntry, snapshotEntries } from "../../src/supervisor/snapshot.js";
import { throughJson } from "../session/model.js";
import { execution, session } from "../session/samples.js";
import { add } from "./bodyPages.js";

function newState() {
  return {
    registry: new Registry({ keepPerSession: 5 }),
    keys: new Keys({ keepMs: 1_000, maxKeys: 5 }),
    bodies: new Bodies({ contentDir: "/not/there" }),
  };
}

function fullState() {
  const state = newState();
  state.registry.restoreSession(session());
  state.registry.restoreExecution(execution());
  state.keys.remember({ k: "k", m: "session/create", d: "digest", a: { name: "x" }, seq: 1, at: 5 });
  add(state.bodies, [3, 4]);
  return state;
}

describe("a snapshot", () => {
  it("gives everything back, through JSON", () => {
    const entries = throughJson([...snapshotEntries(fullState())]);
    const restored = newState();
    for (const entry of entries) restoreEntry(restored, entry, 0);
    expect(throughJson([...snapshotEntries(restored)])).toEqual(entries);
    expect(entries.map(({ kind }) => kind)).toEqual(["session", "execution", "key", "body", "body"]);
    expect(restored.registry.liveCount).toBe(1);
  });

  it("is of the moment in which it was taken, and of what is durable", () => {
    const state = fullState();
    const entries = snapshotEntries(state);
    const ended = { type: "session/ended", sessionId: "s", data: { status: "failed" } } as const;
    const changes = state.registry.apply([ended], { seq: 9, at: 9, up: 9 });
    const ahead = [...snapshotEntries(state)];
    state.registry.commit(changes);
    state.keys.remember({ k: "later", m: "session/create", d: "digest", seq: 9, at: 9 });
    add(state.bodies, [10]);
    expect([...entries]).toEqual(ahead);
    expect([...entries, ...ahead][0]).toEqual({ kind: "session", session: session() });
  });

  it("lets a body go whose session is not in it", () => {
    const state = newState();
    const body = { seq: 1, at: 1, action: "looked" };
    restoreEntry(state, { kind: "body", sessionId: "gone", body }, 0);
    expect(state.bodies.entries()).toEqual([]);
  });
});
