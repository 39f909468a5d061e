import { describe, expect, it } from "vitest";

import { FileBodies } from "../../src/content/fileBodies.js";
import { valueOf } from "../../src/session/checkpoint.js";
import { Bodies } from "../../src/supervisor/bodies.js";
import { Checkpoints } from "../../src/supervisor/checkpoints.js";
import { ContentHold } from "../../src/supervisor/contentHold.js";
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
    bodies: new Bodies({ store: new FileBodies("/not/there") }),
    checkpoints: new Checkpoints({
      checkpointsDir: "/not/there",
      hold: new ContentHold(),
      log: { warn: () => undefined },
    }),
    journal: { committed: 8 },
  };
}

const owner = session({
  checkpoints: [
    {
      checkpointId: "k",
      label: undefined,
      automatic: false,
      at: 1,
      seq: 5,
      status: "active",
      messages: 0,
      sizeBytes: 2,
    },
  ],
});

function fullState() {
  const state = newState();
  state.registry.restoreSession(owner);
  state.checkpoints.add(owner, "k", valueOf(owner));
  state.registry.restoreExecution(execution());
  state.keys.restore({ k: "k", m: "session/create", d: 7, a: { name: "x" }, seq: 1, at: 5 });
  state.keys.restore({ k: "l", m: "session/touch", d: 8, seq: 2, at: 6 });
  add(state.bodies, [3, 4]);
  return state;
}

describe("a snapshot", () => {
  it("gives everything back, through JSON", () => {
    const entries = throughJson([...snapshotEntries(fullState())]);
    const restored = newState();
    for (const entry of entries) restoreEntry(restored, entry, 0);
    expect(throughJson([...snapshotEntries(restored)])).toEqual(entries);
    expect(entries.map(({ kind }) => kind)).toEqual([
      "session",
      "execution",
      "keys",
      "body",
      "body",
      "checkpoint",
    ]);
    expect(restored.registry.liveCount).toBe(1);
  });

  it("is of the moment in which it was taken, and of what is durable", () => {
    const state = fullState();
    const entries = snapshotEntries(state);
    const ended = { type: "session/ended", sessionId: "s", data: { status: "failed" } } as const;
    const changes = state.registry.apply([ended], { seq: 9, at: 9, up: 9 });
    const ahead = [...snapshotEntries(state)];
    state.registry.commit(changes);
    state.keys.restore({ k: "later", m: "session/create", d: 7, seq: 9, at: 9 });
    add(state.bodies, [10]);
    expect([...entries]).toEqual(ahead);
    expect([...entries, ...ahead][0]).toEqual({ kind: "session", session: owner });
  });

  it("has every key of many, in lines of some hundred", () => {
    const state = { ...newState(), keys: new Keys({ keepMs: 1_000, maxKeys: 1_000 }) };
    for (let at = 1; at <= 501; at++)
      state.keys.restore({ k: `key ${at}`, m: "session/touch", d: at, seq: 1, at });
    const entries = [...snapshotEntries(state)];
    expect(entries).toHaveLength(3);
    const restored = { ...newState(), keys: new Keys({ keepMs: 1_000, maxKeys: 1_000 }) };
    for (const entry of throughJson(entries)) restoreEntry(restored, entry, 0);
    expect([...restored.keys.remembered(1)]).toEqual([...state.keys.remembered(1)]);
  });

  it("lets go what belongs to a session that is not in it", () => {
    const state = newState();
    const body = { seq: 1, at: 1, action: "looked" };
    restoreEntry(state, { kind: "body", sessionId: "gone", body }, 0);
    restoreEntry(state, { kind: "checkpoint", sessionId: "gone", checkpointId: "k", value: {} }, 0);
    expect(state.bodies.entries()).toEqual([]);
    expect(state.checkpoints.entries()).toEqual([]);
  });
});
