import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Execution, ExecutionStatus, Session, SessionStatus } from "../../src/session/state.js";
import { isEnded, isOver } from "../../src/session/state.js";
import { EXECUTION_TRANSITIONS, type Move, statusAfter, TRANSITIONS } from "../../src/session/transitions.js";
import { evolve } from "../../src/session/evolve.js";
import { decided, execution, headOf, session, STAMP } from "./samples.js";

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
  archive: [{ type: "session/archive", sessionId: "s" }],
  delete: [{ type: "session/delete", sessionId: "s" }],
};

/** Moves whose repetition is an event of its own: each work and each edit counts. */
const COUNTED: ReadonlySet<Move> = new Set(["work", "edit", "archive", "delete"]);

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
  it.each(allowed)("from $from, $type leads to $to", ({ move, from, to, command }) => {
    const before = inStatus(from);
    const decision = decided(headOf([before]), command);
    if (!("events" in decision)) throw new Error(decision.refusal.message);
    expect(decision.events).toHaveLength(from === to && !COUNTED.has(move) ? 0 : 1);
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
      ["archive", "- - C F A T"],
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
