import { describe, expect, it } from "vitest";

import { valueOf } from "../../src/session/checkpoint.js";
import type { Command } from "../../src/session/commands.js";
import type { Event } from "../../src/session/events.js";
import { evolve } from "../../src/session/evolve.js";
import type { CheckpointEntry, Session } from "../../src/session/state.js";
import { after, decided, headOf, onlyEvent, session, STAMP } from "./samples.js";

function entries(count: number, changes: Partial<CheckpointEntry> = {}): CheckpointEntry[] {
  const one = {
    label: undefined,
    automatic: false,
    at: 1,
    sizeBytes: 3,
    status: "active",
    messages: 0,
  } as const;
  return Array.from({ length: count }, (_, at) => ({ ...one, checkpointId: `k${at}`, seq: at, ...changes }));
}

function restore(value = valueOf(session()), checkpointId = "k0"): Command {
  return { type: "checkpoint/restore", sessionId: "s", checkpointId, undoId: "undo", value };
}

const create = { type: "checkpoint/create", sessionId: "s", checkpointId: "new", label: "x" } as const;
const remove = { type: "checkpoint/delete", sessionId: "s", checkpointId: "k0" } as const;

function eventsOf(of: Session, command: Command): readonly Event[] {
  const decision = decided(headOf([of]), command);
  return "events" in decision ? decision.events : [];
}

/** The session after all events of a command. */
function afterAll(of: Session, command: Command): Session | undefined {
  let now: Session | undefined = of;
  for (const event of eventsOf(of, command)) now = evolve(now, event, STAMP);
  return now;
}

describe("a checkpoint", () => {
  it("keeps a value of its own, and leaves an entry in the session", () => {
    const of = session({ name: "n", conversation: { count: 4, appended: 6, hidden: [[2, 3]] } });
    const event = onlyEvent(decided(headOf([of]), create));
    expect(event).toMatchObject({
      type: "checkpoint/created",
      data: { checkpointId: "new", label: "x", automatic: false, value: { name: "n", status: "active" } },
    });
    expect(after(of, create)).toEqual({
      ...of,
      updatedAt: STAMP.at,
      lastActivityAt: STAMP.at,
      lastActivityUp: STAMP.up,
      checkpoints: [
        {
          checkpointId: "new",
          label: "x",
          automatic: false,
          at: STAMP.at,
          seq: STAMP.seq,
          status: "active",
          messages: 4,
          sizeBytes: Buffer.byteLength(JSON.stringify(valueOf(of))),
        },
      ],
    });
  });

  it("can be made of a session that has ended, which stays as quiet as it was", () => {
    const of = session({ status: "failed", endedAt: 5 });
    expect(after(of, create)).toMatchObject({ lastActivityAt: 1_000, updatedAt: STAMP.at, status: "failed" });
  });

  it("is one of a bounded number, those of restores not counted", () => {
    const checkpoints = [...entries(2), ...entries(5, { automatic: true })];
    const bounds = { checkpoints: 3 };
    expect(decided(headOf([session({ checkpoints })]), create, { bounds })).toHaveProperty("events");
    const full = session({ checkpoints: [...checkpoints, ...entries(1)] });
    expect(decided(headOf([full]), create, { bounds })).toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "checkpoints", bound: 3 } },
    });
  });

  it("is gone once it is deleted, in an archived session too", () => {
    const of = session({ checkpoints: entries(2), status: "failed", endedAt: 5, archivedAt: 6 });
    expect(after(of, remove)?.checkpoints.map(({ checkpointId }) => checkpointId)).toEqual(["k1"]);
    expect(decided(headOf([session()]), remove)).toMatchObject({
      refusal: { type: "checkpoint_not_found", message: 'Session "s" has no checkpoint "k0".' },
    });
  });
});

describe("a restore", () => {
  it("is one record with the checkpoint that undoes it", () => {
    const of = session({ name: "now", checkpoints: entries(1, { label: "then" }) });
    const value = valueOf(session({ name: "then" }));
    expect(eventsOf(of, restore(value))).toMatchObject([
      {
        type: "checkpoint/created",
        data: {
          checkpointId: "undo",
          label: "before restoring then",
          automatic: true,
          value: { name: "now" },
        },
      },
      { type: "checkpoint/restored", data: { checkpointId: "k0", value } },
    ]);
    expect(afterAll(of, restore(value))).toMatchObject({ name: "then", lastActivityUp: STAMP.up });
  });

  it("names what it undoes by its id, where that has no label or is an undo itself", () => {
    for (const changes of [{}, { automatic: true, label: "before restoring x" }]) {
      const [event] = eventsOf(session({ checkpoints: entries(1, changes) }), restore());
      expect(event).toMatchObject({ data: { label: "before restoring k0" } });
    }
    const [long] = eventsOf(session({ checkpoints: entries(1, { label: "x".repeat(256) }) }), restore());
    expect(long).toMatchObject({ data: { label: `before restoring ${"x".repeat(239)}` } });
  });

  it("lets the oldest automatic checkpoints go, and no other", () => {
    const checkpoints = [...entries(1), ...entries(12, { automatic: true }).slice(1)];
    const of = session({ checkpoints });
    const events = eventsOf(of, restore()).slice(2);
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ["checkpoint/deleted", { checkpointId: "k1" }],
      ["checkpoint/deleted", { checkpointId: "k2" }],
    ]);
    const left = afterAll(of, restore())?.checkpoints ?? [];
    expect(left.filter(({ automatic }) => automatic)).toHaveLength(10);
    expect(left.at(-1)?.checkpointId).toBe("undo");
    expect(left[0]?.checkpointId).toBe("k0");
  });

  it("revives a session that has ended, and ends one that had", () => {
    const ended = session({ status: "failed", endedAt: 5, endReason: "r", checkpoints: entries(1) });
    const revived = afterAll(ended, restore());
    expect(revived).toMatchObject({ status: "active", lastActivityAt: STAMP.at, lastActivityUp: STAMP.up });
    expect([revived?.endedAt, revived?.endReason]).toEqual([undefined, undefined]);
    const again = afterAll(session({ checkpoints: entries(1) }), restore(valueOf(ended)));
    expect(again).toMatchObject({ status: "failed", endedAt: 5, endReason: "r", lastActivityAt: 9_000 });
  });

  it("ends what a session has going, where it had ended then", () => {
    const lease = { token: "t", epoch: 3, holder: undefined, claimedAt: 1, isHeld: true };
    const of = session({ lease, checkpoints: entries(1) });
    const value = valueOf(session({ status: "failed", endedAt: 5 }));
    expect(eventsOf(of, restore(value)).map(({ type }) => type)).toEqual([
      "checkpoint/created",
      "session/released",
      "checkpoint/restored",
    ]);
    expect(afterAll(of, restore(value))?.lease?.isHeld).toBe(false);
    expect(afterAll(of, restore())?.lease?.isHeld).toBe(true);
  });

  it("is refused where there is nothing to restore, or nothing may be changed", () => {
    expect(decided(headOf([]), restore())).toMatchObject({ refusal: { type: "session_not_found" } });
    expect(decided(headOf([session()]), restore())).toMatchObject({
      refusal: { type: "checkpoint_not_found", hint: "checkpoint/list shows those that it has" },
    });
    const archived = session({ status: "failed", endedAt: 5, archivedAt: 6, checkpoints: entries(1) });
    for (const command of [restore(), create])
      expect(decided(headOf([archived]), command)).toMatchObject({
        refusal: { type: "session_not_active", message: 'Session "s" is archived: it stays as it is.' },
      });
  });

  it("is refused where the conversation was taken back in too many places", () => {
    const hidden = [
      [1, 2],
      [4, 5],
    ] as const;
    const conversation = { count: 3, appended: 8, hidden };
    const of = session({ conversation: { ...conversation, appended: 9 }, checkpoints: entries(1) });
    const value = valueOf(session({ conversation }));
    expect(decided(headOf([of]), restore(value), { bounds: { hiddenRuns: 3 } })).toHaveProperty("events");
    expect(decided(headOf([of]), restore(value), { bounds: { hiddenRuns: 2 } })).toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "hiddenRuns", bound: 2 } },
    });
  });
});
