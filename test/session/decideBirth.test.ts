import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { type Event, stagedBy } from "../../src/session/events.js";
import { evolve } from "../../src/session/evolve.js";
import { evolveExecution } from "../../src/session/evolveExecution.js";
import { throughJson } from "./model.js";
import type { Session } from "../../src/session/state.js";
import {
  create,
  decided,
  execution,
  headOf,
  importedExecution,
  onlyEvent,
  session,
  STAMP,
} from "./samples.js";

type Import = Extract<Command, { type: "session/import" }>;

const ACTIVITIES = [
  { at: 510, action: "asked" },
  { at: 520, action: "answered", details: { words: 3 } },
];

/** Asks for a session that was active elsewhere from 500 to 600. */
function importing(changes: Partial<Import> = {}): Import {
  return {
    ...create({ sessionId: "old", metadata: { user: "alice" } }),
    type: "session/import",
    status: "active",
    createdAt: 500,
    lastActivityAt: 600,
    endedAt: undefined,
    endReason: undefined,
    archivedAt: undefined,
    activities: [],
    ...changes,
  };
}

function eventsOf(command: Import, others: readonly Session[] = []): readonly Event[] {
  const decision = decided(headOf(others), command);
  if ("refusal" in decision) throw new Error(decision.refusal.message);
  return decision.events;
}

/** The session after the record of an import, at seqs 7 and up. */
function afterImport(command: Import): Session | undefined {
  let made: Session | undefined;
  for (const [index, event] of eventsOf(command).entries())
    made = evolve(made, event, { ...STAMP, seq: 7 + index });
  return made;
}

/** The only session that a decision makes. */
function made(command: Command, others: readonly Session[] = []): Session | undefined {
  return evolve(undefined, onlyEvent(decided(headOf(others), command)), STAMP);
}

const CONVERSATION = { count: 2, appended: 4, hidden: [[2, 3]] } as const;
const BROUGHT = { staged: "ab", history: { activities: 3, conversation: CONVERSATION } };

describe("session/clone", () => {
  const cloning: Command = { ...create({ sessionId: "copy", parentId: "s" }), type: "session/clone" };

  it("S2.2 is one record that names the folder of its bodies, and counts them", () => {
    const event = onlyEvent(decided(headOf([session()]), { ...cloning, brought: BROUGHT }));
    expect([event.type, stagedBy(event)]).toEqual(["session/cloned", "ab"]);
    expect(evolve(undefined, event, STAMP)).toMatchObject({
      sessionId: "copy",
      parentId: "s",
      createdSeq: STAMP.seq,
      status: "active",
      activities: 3,
      conversation: CONVERSATION,
    });
    expect(made(cloning, [session()])).toMatchObject({ activities: 0, conversation: { count: 0 } });
  });

  it("S2.2 is refused where its parent is not there, or its id is taken", () => {
    expect(decided(headOf([]), cloning)).toMatchObject({ refusal: { type: "session_not_found" } });
    expect(decided(headOf([session()]), { ...cloning, sessionId: "s" })).toMatchObject({
      refusal: { type: "session_exists" },
    });
  });
});

describe("the line of parents", () => {
  // The parent of "a" was deleted; one that is made with its id must not descend from "a".
  const left = [
    session({ sessionId: "a", parentId: "gone" }),
    session({ sessionId: "b", parentId: "a" }),
  ] as const;

  it("S4.7 never comes back to where it began", () => {
    const refusal = { refusal: { type: "invalid_params", message: expect.stringContaining("from itself") } };
    expect(decided(headOf(left), create({ sessionId: "gone", parentId: "b" }))).toMatchObject(refusal);
    expect(decided(headOf(left), importing({ sessionId: "gone", parentId: "a" }))).toMatchObject(refusal);
    expect(decided(headOf(left), importing({ sessionId: "x", parentId: "x" }))).toMatchObject(refusal);
    expect(made(create({ sessionId: "c", parentId: "b" }), left)).toMatchObject({ parentId: "b" });
  });

  it("S4.7 is followed to an end also where an old journal holds a circle", () => {
    const circle = [session({ sessionId: "a", parentId: "b" }), session({ sessionId: "b", parentId: "a" })];
    expect(made(create({ sessionId: "c", parentId: "a" }), circle)).toMatchObject({ parentId: "a" });
  });
});

describe("session/import", () => {
  it("S4.7 keeps a parent that is not here, and what comes along", () => {
    const history = { ...BROUGHT.history, updatedAt: 640 };
    expect(made(importing({ parentId: "elsewhere", brought: { history } }))).toMatchObject({
      parentId: "elsewhere",
      updatedAt: 640,
      activities: 3,
      conversation: CONVERSATION,
    });
  });

  it("S1.10 is one record of the session and its activities, with the times that they had", () => {
    const events = eventsOf(importing({ activities: ACTIVITIES }));
    expect(events.map(({ type }) => type)).toEqual([
      "session/imported",
      "activity/recorded",
      "activity/recorded",
    ]);
    expect(events[2]).toEqual({
      type: "activity/recorded",
      sessionId: "old",
      data: { action: "answered", details: { words: 3 }, at: 520 },
    });
    expect(afterImport(importing({ activities: ACTIVITIES }))).toMatchObject({
      sessionId: "old",
      createdSeq: 7,
      status: "active",
      metadata: { user: "alice" },
      metadataLength: '{"user":"alice"}'.length - 1,
      createdAt: 500,
      updatedAt: 9_000,
      lastActivityAt: 600,
      lastActivityUp: 400,
      activities: 2,
    });
  });

  it("S1.10 keeps how it ended", () => {
    const end = { status: "failed", endedAt: 650, endReason: "tired", archivedAt: 700 } as const;
    expect(afterImport(importing(end))).toMatchObject(end);
    expect(afterImport(importing({ status: "paused" }))).toMatchObject({
      status: "paused",
      endedAt: undefined,
    });
  });

  it("S2.2 brings commands that are over, without a process, each with a seq of its own", () => {
    const [first, second] = [importedExecution(), importedExecution({ commandId: "d", status: "lost" })];
    const events = eventsOf(importing({ executions: [first, second] }));
    expect(events.map(({ type }) => type)).toEqual([
      "session/imported",
      "command/imported",
      "command/imported",
    ]);
    const [, , last] = throughJson(events);
    if (last === undefined) throw new Error("there is none");
    const after = evolveExecution(undefined, last, { seq: 9, at: 9_000, up: 400 });
    expect(after).toEqual(
      execution({ ...second, sessionId: "old", createdSeq: 9, process: undefined, nextAttemptAt: undefined }),
    );
  });

  it("S2.2 is refused where a command has an id that is taken, or is not over", () => {
    const taken = decided(headOf([], [execution()]), importing({ executions: [importedExecution()] }));
    expect(taken).toMatchObject({ refusal: { type: "command_exists" } });
    const twice = importing({ executions: [importedExecution(), importedExecution()] });
    expect(decided(headOf([]), twice)).toMatchObject({ refusal: { type: "command_exists" } });
    const running = importing({ executions: [importedExecution({ status: "running" })] });
    expect(decided(headOf([]), running)).toMatchObject({ refusal: { type: "invalid_params" } });
  });

  it("is refused where the times and the status do not fit together", () => {
    for (const [changes, what] of [
      [{ lastActivityAt: 499 }, "was active before it was created"],
      [{ status: "completed" }, "is completed, and does not say when it ended"],
      [{ endedAt: 600 }, "is active, and says when it ended"],
      [{ archivedAt: 600 }, "is active, and archived"],
    ] as const) {
      expect(decided(headOf([]), importing(changes))).toEqual({
        refusal: { type: "invalid_params", message: `Session "old" ${what}.` },
      });
    }
  });

  it("is refused as a whole where the id is taken, or anything of it is too long", () => {
    const refusal = (command: Import, bounds = {}): unknown =>
      decided(headOf([session()]), command, { bounds });
    expect(refusal(importing({ sessionId: "s" }))).toMatchObject({ refusal: { type: "session_exists" } });
    expect(refusal(importing(), { maxSessions: 1 })).toMatchObject({
      refusal: { details: { limit: "maxSessions" } },
    });
    expect(refusal(importing(), { metadataKeys: 0 })).toMatchObject({
      refusal: { details: { limit: "metadataKeys" } },
    });
    expect(refusal(importing({ activities: ACTIVITIES }), { detailsLength: 10 })).toMatchObject({
      refusal: { details: { limit: "detailsLength" } },
    });
  });
});
