import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ERRORS } from "../../src/protocol/errors.js";
import { EVENTS } from "../../src/protocol/events.js";
import type { Command } from "../../src/session/commands.js";
import { decide } from "../../src/session/decide.js";
import type { Event } from "../../src/session/events.js";
import type { Execution, Session } from "../../src/session/state.js";
import { isOver } from "../../src/session/state.js";
import { EXECUTION_TRANSITIONS, type Move, statusAfter, TRANSITIONS } from "../../src/session/transitions.js";
import { commandOf, REFUSALS, type Step, steps } from "./commandSequences.js";
import { IN_PLACE } from "./executionSequences.js";
import { deepFreeze, Model, type Recorded, REPEATABLE, throughJson } from "./model.js";
import { BOUNDS } from "./samples.js";

// Near enough to be met now and then.
const NEAR = deepFreeze({
  ...BOUNDS,
  maxRunning: 3,
  metadataKeys: 4,
  metadataValueLength: 40,
  metadataLength: 90,
  runningInvocations: 2,
  chainEntries: 3,
});

interface Change {
  readonly event: Event;
  readonly session: readonly [before: Session | undefined, after: Session | undefined];
  readonly execution: readonly [before: Execution | undefined, after: Execution | undefined];
}

/** Runs the steps on a model; `onStep` sees every decision, `onChange` every event and what it did. */
function run(
  list: readonly Step[],
  watch: {
    onStep?: (model: Model, command: Command, decision: ReturnType<typeof decide>) => void;
    onChange?: (change: Change, model: Model) => void;
  } = {},
): { readonly model: Model; readonly history: readonly Recorded[] } {
  const model = new Model();
  const history: Recorded[] = [];
  let now = 1_000;
  for (const step of list) {
    now += step.passedMs;
    const command = deepFreeze(commandOf(step, model));
    const decision = decide(model, command, { at: now }, NEAR);
    for (const event of "events" in decision ? decision.events : []) {
      const recorded = deepFreeze({ event, stamp: { seq: history.length + 1, at: now, up: now - 900 } });
      const commandId = "commandId" in event.data ? event.data.commandId : "";
      const before = [model.session(event.sessionId ?? ""), model.execution(commandId)] as const;
      model.apply(recorded);
      history.push(recorded);
      watch.onChange?.(
        {
          event,
          session: [before[0], model.session(event.sessionId ?? "")],
          execution: [before[1], model.execution(commandId)],
        },
        model,
      );
    }
    watch.onStep?.(model, command, decision);
  }
  return { model, history };
}

function forAll(check: (list: readonly Step[]) => unknown, parameters: fc.Parameters<[Step[]]> = {}): void {
  const property = fc.property(steps, (list) => {
    check(list);
  });
  fc.assert(property, { numRuns: 100, ...parameters });
}

describe("any sequence of commands", () => {
  // The seed is fixed: whether everything is met is a statement about the sequences, not about the machine.
  it("meets every event and every move of both tables, so that what follows says something", () => {
    const events = new Set<string>();
    const moves = new Set<string>();
    const refusals = new Set<string>();
    forAll(
      (list) =>
        run(list, {
          onStep: (_, __, decision) => "refusal" in decision && refusals.add(decision.refusal.type),
          onChange: ({ event, session, execution }) => {
            events.add(event.type);
            if (event.type !== "checkpoint/restored")
              moves.add(`${session[0]?.status}>${session[1]?.status}`);
            moves.add(`${execution[0]?.status}>${execution[1]?.status}`);
          },
        }),
      { seed: 2, numRuns: 9_000 },
    );
    const bySession = (Object.keys(TRANSITIONS) as Move[])
      .filter((move) => move !== "delete")
      .flatMap((move) => Object.entries(TRANSITIONS[move]))
      .filter(([from, to]) => from !== to);
    const byExecution = Object.entries(EXECUTION_TRANSITIONS).flatMap(([from, next]) =>
      next.map((to) => [from, to] as const),
    );
    const expected = [...bySession, ...byExecution].map(([from, to]) => `${from}>${to}`);
    expect(expected.filter((move) => !moves.has(move))).toEqual([]);
    expect(Object.keys(EVENTS).filter((type) => !events.has(type))).toEqual([]);
    expect([...refusals].sort()).toEqual(REFUSALS);
  });

  it("gives the same state whenever its events are replayed, also after JSON and from any snapshot", () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, cut) => {
        const { model, history } = run(list);
        expect(Model.replay(history).toJson()).toEqual(model.toJson());
        const read = throughJson(history);
        expect(Model.replay(read).toJson()).toEqual(model.toJson());
        const at = cut % (history.length + 1);
        const snapshot = throughJson(Model.replay(history.slice(0, at)).toJson());
        expect(Model.replay(read.slice(at), snapshot).toJson()).toEqual(model.toJson());
      }),
      { numRuns: 100 },
    );
  });

  it("makes no move that is not in the tables", () => {
    forAll((list) =>
      run(list, {
        onChange: ({ event, session: [before, after], execution: [old, next] }) => {
          if (event.sessionId === undefined) return;
          if (before === undefined)
            expect(["session/created", "session/cloned", "session/imported"]).toContain(event.type);
          // It brings back a status that the session had, whatever it has now.
          else if (event.type === "checkpoint/restored") expect(after?.status).toBe(event.data.value.status);
          else if (after === undefined) expect(statusAfter(before.status, "delete")).toBeDefined();
          else {
            const reachable = (Object.keys(TRANSITIONS) as Move[]).map((move) =>
              statusAfter(before.status, move),
            );
            expect([before.status, ...reachable]).toContain(after.status);
          }
          if (next === undefined) return;
          if (event.type === "command/imported")
            expect([old, isOver(next.status)]).toEqual([undefined, true]);
          else if (old === undefined) expect(next.status).toBe("starting");
          else if (IN_PLACE.has(event.type)) expect(next.status).toBe(old.status);
          else expect(EXECUTION_TRANSITIONS[old.status]).toContain(next.status);
        },
      }),
    );
  });

  it("keeps its counts", () => {
    forAll((list) => {
      const recorded = new Map<string, number>();
      run(list, {
        onChange: ({ event }, model) => {
          const { type, sessionId = "" } = event;
          if (type === "session/created") recorded.set(sessionId, 0);
          if (type === "session/cloned" || type === "session/imported")
            recorded.set(sessionId, event.data.brought?.history.activities ?? 0);
          if (type === "activity/recorded") recorded.set(sessionId, (recorded.get(sessionId) ?? 0) + 1);
          const session = model.session(sessionId);
          if (session === undefined) return;
          const own = model.executionsOf(sessionId);
          const over = own.filter(({ status }) => isOver(status));
          const succeeded = over.filter(({ status }) => status === "succeeded").length;
          expect(session.activities).toBe(recorded.get(sessionId));
          // An import has counted all of its commands, which come one by one in its record.
          if (type.endsWith("/imported") && own.length < session.commands.total) return;
          expect(session.commands).toMatchObject({
            total: own.length,
            running: own.length - over.length,
            succeeded,
            failed: over.length - succeeded,
          });
          const invoked = model.invocationsOf(sessionId);
          const { running, ...ended } = session.invocations;
          expect(running).toBe(invoked.filter(({ status }) => status === "running").length);
          expect(Object.values(ended).reduce((sum, count) => sum + count)).toBe(invoked.length - running);
          // Braces around it, and one comma less than there are entries.
          const isEmpty = Object.keys(session.metadata).length === 0;
          expect(session.metadataLength).toBe(isEmpty ? 0 : JSON.stringify(session.metadata).length - 1);
        },
      });
    });
  });

  it("never passes a limit", () => {
    forAll((list) =>
      run(list, {
        onStep: (model) => {
          expect(model.liveCount).toBeLessThanOrEqual(NEAR.maxRunning);
          for (const { count } of model.chains.values()) expect(count).toBeLessThanOrEqual(NEAR.chainEntries);
          for (const { metadata, metadataLength, commands, invocations, config } of model.sessions.values()) {
            expect(Object.keys(metadata).length).toBeLessThanOrEqual(NEAR.metadataKeys);
            expect(metadataLength).toBeLessThanOrEqual(NEAR.metadataLength);
            expect(commands.running).toBeLessThanOrEqual(config.maxRunningCommands);
            expect(invocations.running).toBeLessThanOrEqual(NEAR.runningInvocations);
          }
        },
      }),
    );
  });

  it("leaves nothing running in a session that has ended", () => {
    forAll((list) =>
      run(list, {
        onStep: (model) => {
          for (const { status, sessionId, invocations } of model.sessions.values()) {
            if (status === "active" || status === "paused") continue;
            const running = model.invocationsOf(sessionId).filter((one) => one.status === "running");
            expect([running, invocations.running]).toEqual([[], 0]);
          }
        },
      }),
    );
  });

  it("never gives out a lease that is older than the one before, and leaves none to a session that has ended", () => {
    forAll((list) =>
      run(list, {
        onChange: ({ event, session: [before, after] }) => {
          if (after === undefined) return;
          const epochs = [before, after].map((one) => one?.lease?.epoch ?? 0);
          if (before !== undefined)
            expect(epochs[1]).toBe((epochs[0] ?? 0) + Number(event.type === "session/claimed"));
          if (event.type === "session/released") expect(after.lease?.isHeld).toBe(false);
          if (after.endedAt !== undefined) expect(after.lease?.isHeld ?? false).toBe(false);
        },
      }),
    );
  });

  it("is refused by an error of the table, with a message", () => {
    forAll((list) => {
      const odd: unknown[] = [];
      run(list, {
        onStep: (_, __, decision) => {
          if (!("refusal" in decision)) return;
          const { type, message } = decision.refusal;
          if (!Object.hasOwn(ERRORS, type) || !message.endsWith(".")) odd.push(decision);
        },
      });
      expect(odd).toEqual([]);
    });
  });

  it("is decided the same way twice", () => {
    forAll((list) => {
      const model = new Model();
      let seq = 0;
      for (const step of list) {
        const command = commandOf(step, model);
        const decision = decide(model, command, { at: 5 }, NEAR);
        expect(decide(model, command, { at: 5 }, NEAR)).toEqual(decision);
        for (const event of "events" in decision ? decision.events : []) {
          seq += 1;
          model.apply({ event, stamp: { seq, at: 5, up: 5 } });
        }
      }
    });
  });

  it("makes no event of what comes a second time", () => {
    forAll((list) =>
      run(list, {
        onStep: (model, command, decision) => {
          if (!("events" in decision) || !REPEATABLE.has(command.type)) return;
          // An attempt that nobody knows yet is none that was reported.
          expect(decide(model, command, { at: 5 }, NEAR)).toEqual({ events: [] });
        },
      }),
    );
  });

  it("tries nothing again after a cancelling signal, or once the session is not active", () => {
    forAll((list) =>
      run(list, {
        onChange: ({ event, session: [session], execution: [execution] }) => {
          if (event.type !== "command/retrying") return;
          expect(execution?.cancelled).toBe(false);
          expect(session?.status).toBe("active");
        },
      }),
    );
  });
});
