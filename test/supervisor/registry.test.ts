import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { sessionStatus } from "../../src/protocol/session.js";
import { currentOf } from "../../src/session/chain.js";
import { decide } from "../../src/session/decide.js";
import type { Event, SessionEvent, Stamp } from "../../src/session/events.js";
import { isOver } from "../../src/session/state.js";
import type { Changes } from "../../src/supervisor/changes.js";
import { Registry } from "../../src/supervisor/registry.js";
import { commandOf, type Step, steps } from "../session/commandSequences.js";
import { Model, type Recorded, throughJson } from "../session/model.js";
import { BOUNDS, NO_THINGS, create, ended, execution, onlyEvent, session } from "../session/samples.js";

const SESSIONS = ["s1", "s2", "s3"];
const COMMANDS = ["c1", "c2", "c3"];
const CHAINED = [...SESSIONS, "elsewhere/1"];
const INVOCATIONS = ["i1", "i2", "i3", "i4", "i5"];

/** What happens after each step: so many records become durable, or all that are on their way are refused. */
const outcomes = fc.array(fc.constantFrom<(number | "refused")[]>(0, 0, 0, 1, 1, 2, 9, "refused"), {
  minLength: 1,
  maxLength: 20,
});

/** A registry, and beside it two models: of what is durable, and of head. */
class Bench {
  readonly registry: Registry;
  committed = new Model();
  head = new Model();
  readonly durable: Recorded[] = [];
  #inFlight: { readonly changes: Changes; readonly recorded: readonly Recorded[] }[] = [];
  #seq = 0;

  constructor(keepPerSession: number) {
    this.registry = new Registry({ keepPerSession });
  }

  submit(step: Step, at: number): Changes | undefined {
    const decision = decide(this.registry, commandOf(step, this.head), { at }, BOUNDS);
    if (!("events" in decision) || decision.events.length === 0) return undefined;
    return this.apply(decision.events, at);
  }

  apply(events: readonly Event[], at: number): Changes {
    const recorded = events.map((event, index) => ({
      event,
      stamp: { seq: this.#seq + index + 1, at, up: at },
    }));
    this.#seq += events.length;
    const changes = this.registry.apply(events, { seq: this.#seq, at, up: at });
    for (const one of recorded) this.head.apply(one);
    this.#inFlight.push({ changes, recorded });
    return changes;
  }

  commit(count: number): void {
    for (const { changes, recorded } of this.#inFlight.splice(0, count)) {
      this.registry.commit(changes);
      for (const one of recorded) this.committed.apply(one);
      this.durable.push(...recorded);
    }
  }

  rollback(): void {
    this.#inFlight = [];
    this.registry.rollback();
    this.head = Model.replay(this.durable);
    this.#seq = this.durable.at(-1)?.stamp.seq ?? 0;
  }

  /** Runs the steps, with the outcomes over and over; calls back after each. */
  run(
    list: readonly Step[],
    after: readonly (number | "refused")[],
    onStep: (changes?: Changes) => void,
  ): void {
    let at = 1_000;
    for (const [index, step] of list.entries()) {
      at += step.passedMs;
      const changes = this.submit(step, at);
      const outcome = after[index % after.length] ?? 0;
      if (outcome === "refused") this.rollback();
      else this.commit(outcome);
      onStep(changes);
    }
  }
}

const GROUPS = [...sessionStatus.options, "archived", "trashed"] as const;

function countsOf({ committedCounts }: Registry): number[] {
  return GROUPS.map((group) => committedCounts.of(group));
}

/** The same, counted one by one. */
function countedOf({ committedSessions }: Registry): number[] {
  const groups = [...committedSessions.values()].map(({ status, archivedAt, deletedAt }) => {
    if (deletedAt !== undefined) return "trashed";
    return archivedAt === undefined ? status : "archived";
  });
  return GROUPS.map((group) => groups.filter((one) => one === group).length);
}

describe("Registry", () => {
  it("has what is durable and what is decided apart, whatever becomes of the records", () => {
    fc.assert(
      fc.property(steps, outcomes, (list, after) => {
        const bench = new Bench(1_000);
        const { registry } = bench;
        bench.run(list, after, () => {
          const { head, committed } = bench;
          expect(SESSIONS.map((id) => registry.session(id))).toEqual(SESSIONS.map((id) => head.session(id)));
          expect(COMMANDS.map((id) => registry.execution(id))).toEqual(
            COMMANDS.map((id) => head.execution(id)),
          );
          expect([registry.sessionCount, registry.liveCount]).toEqual([head.sessionCount, head.liveCount]);
          expect([...registry.committedSessions]).toEqual([...committed.sessions]);
          expect([...registry.committedExecutions]).toEqual([...committed.executions]);
          expect(new Map(registry.things.templates.committed)).toEqual(committed.templates);
          const { invocations, chains } = registry.things;
          expect(new Map(chains.committed)).toEqual(committed.chains);
          const current = [...head.chains.values()].map((one) => currentOf(one)?.sessionId);
          for (const id of CHAINED) expect(chains.isReferredTo(id)).toBe(current.includes(id));
          expect([...invocations.committed]).toEqual([...committed.invocations]);
          expect(INVOCATIONS.map((one) => invocations.head(one))).toEqual(
            INVOCATIONS.map((one) => head.invocations.get(one)),
          );
          expect(countsOf(registry)).toEqual(countedOf(registry));
          for (const id of SESSIONS) {
            expect([...invocations.headOf(id)]).toEqual(head.invocationsOf(id));
            const isHere = (one: string): boolean => head.invocations.get(one)?.sessionId === id;
            const here = committed.invocationsOf(id).filter(({ invocationId }) => isHere(invocationId));
            expect([...invocations.committedOf(id)]).toEqual(here);
            const isOwn = (commandId: string): boolean => head.execution(commandId)?.sessionId === id;
            const own = committed.executionsOf(id).filter(({ commandId }) => isOwn(commandId));
            expect(registry.executionsOf(id)).toEqual(own);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it("is the same after a snapshot, and goes on in the same way", () => {
    fc.assert(
      fc.property(steps, steps, (before, later) => {
        const bench = new Bench(2);
        bench.run(before, [9], () => undefined);
        const { registry } = bench;
        const restored = new Registry({ keepPerSession: 2 });
        for (const one of throughJson([...registry.committedSessions.values()])) restored.restoreSession(one);
        for (const one of throughJson([...registry.committedExecutions.values()]))
          restored.restoreExecution(one);
        for (const one of throughJson(registry.things.committed())) restored.things.restore(one);
        const last = bench.durable.at(-1)?.stamp ?? { seq: 0, at: 1_000, up: 1_000 };
        const both = [registry, restored];
        const view = (one: Registry): unknown =>
          throughJson({
            sessions: [...one.committedSessions],
            executions: [...one.committedExecutions],
            things: one.things.committed(),
            counts: [one.sessionCount, one.liveCount, ...countsOf(one)],
            own: SESSIONS.map((id) => one.executionsOf(id)),
            referred: CHAINED.map((id) => one.things.chains.isReferredTo(id)),
            invoked: SESSIONS.map((id) => [...one.things.invocations.headOf(id)]),
          });
        expect(view(restored)).toEqual(view(registry));
        let { seq } = last;
        for (const step of later) {
          const command = commandOf(step, bench.head);
          const decisions = both.map((one) => decide(one, command, { at: last.at }, BOUNDS));
          expect(throughJson(decisions[1])).toEqual(throughJson(decisions[0]));
          const events = decisions[0] !== undefined && "events" in decisions[0] ? decisions[0].events : [];
          if (events.length === 0) continue;
          seq += events.length;
          for (const one of both) one.commit(one.apply(events, { ...last, seq }));
        }
        expect(view(restored)).toEqual(view(registry));
      }),
      { numRuns: 60 },
    );
  });

  it("remembers so many commands of a session, the newest, and drops none that is live", () => {
    fc.assert(
      fc.property(steps, outcomes, fc.integer({ min: 0, max: 2 }), (list, after, keep) => {
        const bench = new Bench(keep);
        bench.run(list, after, (changes) => {
          for (const dropped of changes?.dropped ?? []) {
            expect(isOver(dropped.status)).toBe(true);
            const own = changes?.executions.filter(({ slot }) => slot.key === dropped.commandId);
            expect(own?.map(({ value }) => value)).toEqual([undefined]);
          }
          bench.commit(99);
          for (const id of SESSIONS) {
            const own = bench.registry.executionsOf(id);
            const live = own.filter(({ status }) => !isOver(status)).length;
            expect(live).toBe(bench.registry.session(id)?.commands.running ?? 0);
            // What is over by now may be too many until the next one is accepted.
            const isNew = own.some(({ createdSeq }) => createdSeq === changes?.seq);
            if (isNew) expect(own.length).toBeLessThanOrEqual(Math.max(keep, live));
          }
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe("the changes of a record", () => {
  const { commandId, name, argv, cwd, token, limits, retry } = execution();
  const accept = (id: string): SessionEvent => ({
    type: "command/accepted",
    sessionId: "s",
    data: { commandId: id, name, argv, cwd, token, limits, retry },
  });
  const end = (id: string): SessionEvent => {
    const event = onlyEvent(
      decide(headWith(id), ended({ commandId: id, retryable: false }), { at: 5 }, BOUNDS),
    );
    return event as SessionEvent;
  };
  const headWith = (id: string) => ({
    session: () => session(),
    execution: () => execution({ commandId: id }),
    things: NO_THINGS,
    sessionCount: 1,
    liveCount: 1,
  });
  const created = onlyEvent(
    decide(new Registry({ keepPerSession: 9 }), create({ sessionId: "s" }), { at: 5 }, BOUNDS),
  );
  const stamp = (seq: number): Stamp => ({ seq, at: 5, up: 5 });

  it("hold the last state of everything that its events touched, each event with a seq of its own", () => {
    const registry = new Registry({ keepPerSession: 9 });
    const changes = registry.apply([created, accept(commandId)], stamp(8));
    expect(changes.seq).toBe(8);
    expect(changes.sessions).toMatchObject([
      { slot: { key: "s" }, value: { createdSeq: 7, commands: { total: 1, running: 1 } } },
    ]);
    expect(changes.executions).toMatchObject([
      { slot: { key: commandId }, value: { createdSeq: 8, status: "starting" } },
    ]);
    expect(registry.committedSessions.size).toBe(0);
    registry.commit(changes);
    expect(registry.committedSessions.get("s")).toBe(changes.sessions[0]?.value);
  });

  it("hold a deleted session as it was, and take its commands with it", () => {
    const registry = new Registry({ keepPerSession: 9 });
    registry.commit(registry.apply([created, accept("x"), end("x")], stamp(3)));
    const before = registry.session("s");
    const changes = registry.apply([{ type: "session/deleted", sessionId: "s", data: {} }], stamp(4));
    expect(changes.removed).toEqual([before]);
    expect(changes.executions.map(({ slot, value }) => [slot.key, value])).toEqual([["x", undefined]]);
    expect(registry.execution("x")).toBeUndefined();
    expect(registry.committedExecutions.has("x")).toBe(true);
    registry.commit(changes);
    expect(registry.committedExecutions.has("x")).toBe(false);
    expect([registry.sessionCount, registry.liveCount]).toEqual([0, 0]);
  });

  it("drop as many old commands as there are too many, once they are over", () => {
    const registry = new Registry({ keepPerSession: 2 });
    registry.commit(registry.apply([created, accept("a"), accept("b"), accept("c"), accept("d")], stamp(5)));
    expect(registry.executionsOf("s").map((one) => one.commandId)).toEqual(["a", "b", "c", "d"]);
    registry.commit(registry.apply([end("a"), end("b"), end("d")], stamp(8)));
    const changes = registry.apply([accept("e")], stamp(9));
    expect(changes.dropped.map((one) => one.commandId)).toEqual(["a", "b", "d"]);
    registry.commit(changes);
    expect(registry.executionsOf("s").map((one) => one.commandId)).toEqual(["c", "e"]);
  });

  it("show nobody a command under an id that is another session's by now", () => {
    const registry = new Registry({ keepPerSession: 2 });
    registry.commit(registry.apply([created, accept("x"), end("x")], stamp(3)));
    const later = registry.apply(
      [
        { type: "session/deleted", sessionId: "s", data: {} },
        { ...(created as SessionEvent), sessionId: "t" },
        { ...accept("x"), sessionId: "t" },
      ],
      stamp(6),
    );
    expect(registry.executionsOf("t")).toEqual([]);
    registry.commit(later);
    expect(registry.executionsOf("t")).toMatchObject([
      { commandId: "x", sessionId: "t", status: "starting" },
    ]);
    expect(registry.executionsOf("s")).toEqual([]);
  });

  it("leave alone what a report of an unknown command would be about", () => {
    const registry = new Registry({ keepPerSession: 2 });
    const changes = registry.apply([created, end("gone")], stamp(2));
    expect(changes.executions).toEqual([]);
  });
});
