import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Execution, ExecutionStatus, Session, SessionStatus } from "../../src/session/state.js";
import { isEnded, isOver } from "../../src/session/state.js";
import {
  EXECUTION_TRANSITIONS,
  type Move,
  MOVES_IN_TRASH,
  statusAfter,
  TRANSITIONS,
} from "../../src/session/transitions.js";
import { evolve } from "../../src/session/evolve.js";
import { after, decided, execution, headOf, session, STAMP } from "./samples.js";

const STATUSES: readonly SessionStatus[] = [
  "active",
  "paused",
  "completed",
  "failed",
  "abandoned",
  "timed_out",
];
/** What asks for each move. */
const ASKING: Readonly<Record<Move, readonly Command[]>> = {
  work: [
    { type: "session/touch", sessionId: "s" },
    { type: "session/record", sessionId: "s", action: "looked" },
    { type: "command/start", sessionId: "s", ...accepted() },
  ],
  edit: [
    { type: "session/update", sessionId: "s", name: "new" },
    { type: "metadata/set", sessionId: "s", key: "key", value: 1 },
    { type: "metadata/delete", sessionId: "s", key: "old" },
  ],
  pause: [{ type: "session/pause", sessionId: "s" }],
  resume: [{ type: "session/resume", sessionId: "s" }],
  complete: [{ type: "session/end", sessionId: "s", status: "completed" }],
  fail: [{ type: "session/end", sessionId: "s", status: "failed" }],
  abandon: [{ type: "session/end", sessionId: "s", status: "abandoned" }],
  expire: [{ type: "session/expire", sessionId: "s", limit: "idle", afterMs: 5 }],
  pin: [
    { type: "session/pin", sessionId: "s" },
    { type: "session/unpin", sessionId: "s" },
  ],
  archive: [{ type: "session/archive", sessionId: "s" }],
  unarchive: [{ type: "session/unarchive", sessionId: "s" }],
  trash: [{ type: "session/trash", sessionId: "s" }],
  untrash: [{ type: "session/untrash", sessionId: "s" }],
  delete: [{ type: "session/delete", sessionId: "s" }],
};

/** Moves that change nothing of a status that is so already, and make an event: each work and each edit counts. */
const COUNTED: ReadonlySet<Command["type"]> = new Set<Command["type"]>([
  ...[...ASKING.work, ...ASKING.edit].map(({ type }) => type),
  "session/pin",
  "session/archive",
  "session/trash",
  "session/delete",
]);

function accepted(): Pick<Execution, "commandId" | "name" | "argv" | "cwd" | "token" | "limits" | "retry"> {
  const { commandId, name, argv, cwd, token, limits, retry } = execution();
  return { commandId, name, argv, cwd, token, limits, retry };
}

function inStatus(status: SessionStatus): Session {
  return session({ status, metadata: { old: 1 }, metadataLength: 8 });
}

const moves = Object.keys(TRANSITIONS) as Move[];
const rows = moves.flatMap((move) =>
  STATUSES.flatMap((from) =>
    ASKING[move].map((command) => ({ move, from, to: TRANSITIONS[move][from], command, type: command.type })),
  ),
);
const allowed = rows.flatMap((row) => (row.to === undefined ? [] : [{ ...row, to: row.to }]));
const refused = rows.filter((row) => row.to === undefined);

describe("the table of a session's moves", () => {
  it.each(allowed)("from $from, $type leads to $to", ({ move, from, to, command, type }) => {
    const before = inStatus(from);
    const decision = decided(headOf([before]), command);
    if (!("events" in decision)) throw new Error(decision.refusal.message);
    expect(decision.events).toHaveLength(from === to && !COUNTED.has(type) ? 0 : 1);
    const after = decision.events.reduce<Session | undefined>(
      (state, event) => evolve(state, event, STAMP),
      before,
    );
    expect(after?.status).toBe(move === "delete" ? undefined : to);
  });

  it.each(refused)("from $from, $type is refused", ({ move, from, command }) => {
    const decision = decided(headOf([inStatus(from)]), command);
    const type = move === "work" || move === "edit" ? "session_not_active" : "invalid_transition";
    expect(decision).toMatchObject({ refusal: { type, details: { status: from } } });
    expect("refusal" in decision && decision.refusal.message).toContain(`Session "s" is ${from}`);
  });

  it("says what it says: the tests around this one follow whatever it says", () => {
    const letters = { active: "a", paused: "p", completed: "C", failed: "F", abandoned: "A", timed_out: "T" };
    const letterOf = (status: SessionStatus | undefined): string =>
      status === undefined ? "-" : letters[status];
    const table = moves.map((move) => [
      move,
      STATUSES.map((status) => letterOf(statusAfter(status, move))).join(" "),
    ]);
    expect(STATUSES.map((status) => letterOf(status)).join(" ")).toBe("a p C F A T");
    expect(table).toEqual([
      ["work", "a - - - - -"],
      ["edit", "a p - - - -"],
      ["pause", "p p - - - -"],
      ["resume", "a a - - - -"],
      ["complete", "C C C - - -"],
      ["fail", "F F - F - -"],
      ["abandon", "A A - - A -"],
      ["expire", "T T - - - -"],
      ["pin", "a p C F A T"],
      ["archive", "- - C F A T"],
      ["unarchive", "- - C F A T"],
      ["trash", "- - C F A T"],
      ["untrash", "- - C F A T"],
      ["delete", "- - C F A T"],
    ]);
  });

  it("has a command for every move, and a row that allows it", () => {
    expect(Object.keys(ASKING)).toEqual(moves);
    for (const move of moves) expect(Object.keys(TRANSITIONS[move])).not.toHaveLength(0);
  });

  it("leads from an ended status to no other", () => {
    for (const status of STATUSES.filter((status) => isEnded(status))) {
      const reached = moves.flatMap((move) => statusAfter(status, move) ?? []);
      expect(new Set(reached)).toEqual(new Set([status]));
    }
  });

  it("says how to go on after a refusal", () => {
    const hintOf = (status: SessionStatus, move: Move): unknown => {
      const [command] = ASKING[move];
      if (command === undefined) throw new Error(move);
      return decided(headOf([inStatus(status)]), command);
    };
    expect(hintOf("paused", "work")).toMatchObject({ refusal: { hint: "session/resume makes it active" } });
    expect(hintOf("failed", "edit")).toMatchObject({ refusal: { hint: "create a new session" } });
    expect(hintOf("active", "delete")).toMatchObject({ refusal: { hint: "end it first with session/end" } });
    expect(hintOf("paused", "archive")).toMatchObject({ refusal: { hint: "end it first with session/end" } });
    expect(hintOf("failed", "pause")).not.toHaveProperty("refusal.hint");
  });
});

describe("a session in the trash", () => {
  const trashed = (changes: Partial<Session> = {}): Session =>
    session({ status: "failed", endedAt: 1_500, deletedAt: 2_000, ...changes });

  it("B.7 is taken out, put in once more, or deleted, and nothing else", () => {
    for (const move of moves) {
      for (const command of ASKING[move]) {
        const decision = decided(headOf([trashed()]), command);
        const isAllowed = MOVES_IN_TRASH.has(move);
        expect("events" in decision, command.type).toBe(isAllowed);
        if (isAllowed || TRANSITIONS[move].failed === undefined || move === "fail") continue;
        expect(decision).toMatchObject({
          refusal: { type: "invalid_transition", hint: "session/untrash takes it out" },
        });
      }
    }
    expect([...MOVES_IN_TRASH].sort()).toEqual(["delete", "trash", "untrash"]);
  });

  it("B.7 comes out as it went in: its status and the archive stand beside it", () => {
    const before = trashed({ deletedAt: undefined, archivedAt: 1_800, pinned: true });
    const inside = after(before, { type: "session/trash", sessionId: "s" });
    expect(inside).toEqual({ ...before, deletedAt: STAMP.at, updatedAt: STAMP.at });
    if (inside === undefined) throw new Error("it is gone");
    const out = after(inside, { type: "session/untrash", sessionId: "s" });
    expect(out).toEqual({ ...before, updatedAt: STAMP.at });
  });

  it("does not take what still stops", () => {
    const running = { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 };
    const command = { type: "session/trash", sessionId: "s" } as const;
    expect(decided(headOf([trashed({ deletedAt: undefined, commands: running })]), command)).toMatchObject({
      refusal: { type: "invalid_transition", hint: "try again in a moment" },
    });
  });
});

describe("pinned, archived", () => {
  it("B.7 is undone by what undoes it, and changes nothing else", () => {
    const before = session({ status: "completed", endedAt: 1_500 });
    for (const [there, back] of [
      ["session/pin", "session/unpin"],
      ["session/archive", "session/unarchive"],
    ] as const) {
      const inside = after(before, { type: there, sessionId: "s" });
      if (inside === undefined) throw new Error("it is gone");
      expect([inside.pinned, inside.archivedAt !== undefined]).toEqual(
        there === "session/pin" ? [true, false] : [false, true],
      );
      expect(after(inside, { type: back, sessionId: "s" })).toEqual({ ...before, updatedAt: STAMP.at });
      // What is so already is so.
      expect(decided(headOf([inside]), { type: there, sessionId: "s" })).toEqual({ events: [] });
      expect(decided(headOf([before]), { type: back, sessionId: "s" })).toEqual({ events: [] });
    }
  });
});

describe("the table of a command's statuses", () => {
  const statuses = Object.keys(EXECUTION_TRANSITIONS) as ExecutionStatus[];

  it("leads nowhere from a final status, and never back to the beginning", () => {
    for (const status of statuses) {
      expect(EXECUTION_TRANSITIONS[status].length === 0).toBe(isOver(status));
      expect(EXECUTION_TRANSITIONS[status]).not.toContain("starting");
    }
  });

  it("reaches every status from the first", () => {
    const reached = new Set<ExecutionStatus>(["starting"]);
    for (const status of reached) for (const next of EXECUTION_TRANSITIONS[status]) reached.add(next);
    expect([...reached].sort()).toEqual(statuses.toSorted());
  });

  it.each(statuses.filter((status) => isOver(status)))("a command that is %s takes no signal", (status) => {
    const over = execution({ status });
    expect(
      decided(headOf([session()], [over]), { type: "command/signal", commandId: "c", signal: "SIGTERM" }),
    ).toMatchObject({ refusal: { type: "invalid_transition", details: { status } } });
  });
});
