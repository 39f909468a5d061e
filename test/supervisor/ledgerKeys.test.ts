import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import type { Event } from "../../src/session/events.js";
import type { KeyedCall } from "../../src/supervisor/keys.js";
import { commandOf, steps } from "../session/commandSequences.js";
import { Model, throughJson } from "../session/model.js";
import { LedgerBench, type Outcome, settled } from "./ledgerBench.js";
import { ScriptedJournal } from "./scriptedJournal.js";

let bench: LedgerBench<ScriptedJournal>;
let journal: ScriptedJournal;
beforeEach(() => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  journal = bench.journal;
});

function call(key: string, digest = 7): KeyedCall {
  return { key, method: "session/create", digest };
}

const show = (): object => ({ shown: true });
const twice = (outcome: Outcome): Outcome[] => [outcome, outcome];

describe("a call with a key", () => {
  it("is journaled with it and with its answer, in one record", () => {
    bench.create("a", { call: call("k"), show });
    bench.create("b", { call: call("l") });
    journal.sync();
    expect(journal.records.map(({ key }) => key)).toEqual([
      { k: "k", m: "session/create", d: 7, a: { shown: true } },
      { k: "l", m: "session/create", d: 7 },
    ]);
    expect([...bench.keys.remembered(2)]).toMatchObject([
      { k: "k", seq: 1, at: 1_000_000 },
      { k: "l", seq: 2 },
    ]);
  });

  it("gets the first answer when it comes again, although the state has moved on", async () => {
    const first = bench.create("a", { call: call("k"), show });
    journal.sync();
    bench.submit({ type: "session/end", sessionId: "a", status: "failed" });
    journal.sync();
    const again = bench.create("a", { call: call("k"), show: () => ({ shown: "later" }) });
    await settled();
    expect(first).toEqual({ answer: { seq: 1, shown: true } });
    expect(again).toEqual(first);
    expect(journal.records).toHaveLength(2);
  });

  it("can be looked up without being made", async () => {
    expect(bench.ledger.repeat(call("k"))).toBeUndefined();
    bench.create("a", { call: call("k"), show });
    const joined = bench.ledger.repeat(call("k"));
    journal.sync();
    expect(await joined).toEqual({ seq: 1, shown: true });
    expect(await bench.ledger.repeat(call("k"))).toEqual({ seq: 1, shown: true });
    await expect(bench.ledger.repeat(call("k", 8))).rejects.toThrow("was used for a different call");
    expect(bench.ledger.repeat(call("l"))).toBeUndefined();
    expect(bench.keys.size).toBe(1);
  });

  it("joins the first one while that is on its way", async () => {
    const first = bench.create("a", { call: call("k"), show });
    const second = bench.create("a", { call: call("k") });
    await settled();
    expect([first, second]).toEqual([{}, {}]);
    journal.sync();
    await settled();
    expect([first, second]).toEqual(twice({ answer: { seq: 1, shown: true } }));
    expect(bench.events).toEqual(["session/created"]);
  });

  it("shares the fate of the first one when the disk refuses, and may be tried again", async () => {
    const both = [bench.create("a", { call: call("k") }), bench.create("a", { call: call("k") })];
    journal.refuse();
    await settled();
    expect(both).toEqual(twice({ refused: "journal_unavailable" }));
    const again = bench.create("a", { call: call("k") });
    journal.sync();
    await settled();
    expect(again).toEqual({ answer: { seq: 1 } });
  });

  it("conflicts with another call of the same key, pending or done", async () => {
    bench.create("a", { call: call("k") });
    const pending = bench.create("b", { call: call("k", 8) });
    await settled();
    // What it saw is not durable yet.
    expect(pending).toEqual({});
    journal.sync();
    const done = bench.create("b", { call: call("k", 8) });
    await settled();
    expect([pending, done]).toEqual(twice({ refused: "idempotency_conflict" }));
  });

  it("is forgotten where it was refused", async () => {
    bench.create("a");
    journal.sync();
    for (let round = 0; round < 10; round++) {
      // The bench has room for three keys.
      const refused = bench.create("a", { call: call(`refused ${round}`) });
      await settled();
      expect(refused).toEqual({ refused: "session_exists" });
    }
  });

  it("is remembered where the call changed nothing: a repetition does not change anything later", async () => {
    bench.create("a");
    journal.sync();
    const first = bench.submit({ type: "session/resume", sessionId: "a" }, { call: call("k") });
    await settled();
    expect(first).toEqual({ answer: { seq: 1 } });
    bench.submit({ type: "session/pause", sessionId: "a" });
    journal.sync();
    const again = bench.submit({ type: "session/resume", sessionId: "a" }, { call: call("k") });
    await settled();
    expect(again).toEqual({ answer: { seq: 1 } });
    expect(bench.registry.session("a")?.status).toBe("paused");
  });

  it("is refused where no further key fits, and nothing happens", async () => {
    for (const key of ["k", "l", "m"]) bench.create(key, { call: call(key) });
    const refused = bench.create("n", { call: call("n") });
    journal.sync();
    await settled();
    expect(refused).toEqual({ refused: "limit_reached" });
    expect(bench.registry.session("n")).toBeUndefined();
    bench.clock.pass(1_000);
    const later = bench.create("n", { call: call("n") });
    journal.sync();
    await settled();
    expect(later).toEqual({ answer: { seq: 4 } });
  });
});

describe("whatever is asked, and whatever the disk does", () => {
  const disk = fc.array(fc.constantFrom("nothing", "nothing", "one", "all", "refuse"), {
    minLength: 1,
    maxLength: 12,
  });

  it("nobody is told what could be taken back, and what is durable is what was said", async () => {
    await fc.assert(
      fc.asyncProperty(steps, disk, async (list, acts) => {
        const own = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
        const calls: { readonly outcome: Outcome; readonly sawSeq: number }[] = [];
        let judged = 0;
        for (const [index, step] of list.entries()) {
          own.clock.pass(step.passedMs);
          const model = new Model();
          for (const one of own.registry.committedExecutions.values())
            model.executions.set(one.commandId, one);
          for (const one of own.registry.committedSessions.values()) model.sessions.set(one.sessionId, one);
          for (const { events } of own.journal.records) model.noteValues(events as Event[]);
          const outcome = own.submit(commandOf(step, model));
          calls.push({ outcome, sawSeq: own.journal.head });
          const act = acts[index % acts.length];
          if (act === "one") own.journal.sync(1);
          if (act === "all") own.journal.sync();
          if (act === "refuse") own.journal.refuse();
          await settled();
          for (const { outcome: ended, sawSeq } of calls.slice(judged)) {
            const isTold = ended.answer !== undefined || ended.refused !== undefined;
            const isLost = ended.refused === "journal_unavailable";
            if (isTold && !isLost && sawSeq > own.journal.committed)
              throw new Error(`told too early: ${sawSeq}`);
          }
          if (act === "refuse") judged = calls.length;
        }
        own.journal.sync();
        await settled();
        expect(calls.filter(({ outcome }) => Object.keys(outcome).length !== 1)).toEqual([]);
        const replayed = Model.replay(
          own.journal.records.flatMap(({ events, seq, at, up }) =>
            events.map((event, index) => ({
              event: event as never,
              stamp: { seq: seq - events.length + 1 + index, at, up },
            })),
          ),
        );
        const { registry } = own;
        const durable = {
          sessions: [...registry.committedSessions.values()],
          executions: [...registry.committedExecutions.values()],
          templates: [...registry.things.templates.committed.values()],
          invocations: [...registry.things.invocations.committed.values()],
          chains: [...registry.things.chains.committed.values()],
          alertRules: [...registry.things.alertRules.committed.values()],
          alerts: [...registry.things.alerts.committed.values()],
        };
        // What checkpoints keep is no part of the registry.
        const expected = { ...throughJson(durable), values: expect.any(Array) as unknown };
        expect(replayed.toJson()).toEqual(expected);
        expect(registry.sessionCount).toBe(replayed.sessionCount);
        expect(registry.liveCount).toBe(replayed.liveCount);
      }),
      { numRuns: 40 },
    );
  });
});
