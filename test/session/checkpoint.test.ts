import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { findCheckpoint, sizeBytesOf, valueOf } from "../../src/session/checkpoint.js";
import { decide } from "../../src/session/decide.js";
import type { CheckpointEntry, CheckpointValue, Session } from "../../src/session/state.js";
import { commandOf, type Step, steps } from "./commandSequences.js";
import { deepFreeze, Model, throughJson } from "./model.js";
import { BOUNDS, session } from "./samples.js";

/** A checkpoint of the sample session, as its session has it. */
function entry(changes: Partial<CheckpointEntry> = {}): CheckpointEntry {
  const made = { checkpointId: "k1", label: undefined, automatic: false, at: 1, seq: 2, sizeBytes: 3 };
  return { ...made, status: "active", messages: 0, ...changes };
}

/** A model that commands are asked of one by one; `ask` answers whether anything happened. */
class Bench {
  readonly model = new Model();
  #seq = 0;
  #now = 1_000;

  ask(command: Parameters<typeof decide>[1]): boolean {
    this.#now += 1;
    const decision = decide(this.model, deepFreeze(command), { at: this.#now }, BOUNDS);
    if (!("events" in decision)) return false;
    for (const event of throughJson(decision.events)) {
      this.#seq += 1;
      this.model.apply({ event, stamp: { seq: this.#seq, at: this.#now, up: this.#now } });
    }
    return true;
  }

  run(list: readonly Step[]): void {
    for (const step of list) this.ask(commandOf(step, this.model));
  }

  get session(): Session | undefined {
    return this.model.session("s1");
  }

  valueOf(checkpointId: string): CheckpointValue {
    const value = this.model.values.get(checkpointId);
    if (value === undefined) throw new Error(`there is no ${checkpointId}`);
    return value;
  }

  restore(checkpointId: string, undoId: string): Session | undefined {
    const value = this.valueOf(checkpointId);
    const command = { type: "checkpoint/restore", sessionId: "s1", checkpointId, undoId, value } as const;
    return this.ask(command) ? this.session : undefined;
  }
}

/** What a restore has to bring back; the conversation but for its length, which never falls back. */
function broughtBack(of: Session | undefined): unknown {
  if (of === undefined) return undefined;
  const { conversation, ...others } = valueOf(of);
  return throughJson({ ...others, count: conversation.count });
}

describe("what a checkpoint keeps", () => {
  it("has its size in UTF-8 as JSON, whatever is in it", () => {
    const unit = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string(),
      fc.constantFrom("\ud800", "é", "€", "😀"),
    );
    fc.assert(
      fc.property(unit, (name) => {
        const value = valueOf(session({ name }));
        expect(sizeBytesOf(value)).toBe(Buffer.byteLength(JSON.stringify(value)));
      }),
    );
  });
});

describe("the checkpoint that is meant", () => {
  const of = session({
    checkpoints: [entry(), entry({ checkpointId: "k2" }), entry({ checkpointId: "k3", automatic: true })],
  });

  it("is the one of the id, or the newest that somebody asked for", () => {
    expect(findCheckpoint(of, "k1")?.checkpointId).toBe("k1");
    expect(findCheckpoint(of)?.checkpointId).toBe("k2");
    expect(findCheckpoint(of, "k3")?.checkpointId).toBe("k3");
    expect(findCheckpoint(of, "k4")).toBeUndefined();
    expect(findCheckpoint(session())).toBeUndefined();
  });
});

describe("whatever happens after a checkpoint", () => {
  it("a restore gives back what it keeps, and an undo what was before that", () => {
    let restored = 0;
    fc.assert(
      fc.property(steps, steps, steps, (before, between, later) => {
        const bench = new Bench();
        bench.run(before);
        const then = bench.session;
        const isMade = bench.ask({ type: "checkpoint/create", sessionId: "s1", checkpointId: "kept" });
        if (then === undefined || !isMade) return;
        bench.run(between);
        const now = bench.session;
        const back = now?.createdSeq === then.createdSeq ? bench.restore("kept", "undo") : undefined;
        if (now === undefined || back === undefined) return;
        restored += 1;
        expect(broughtBack(back)).toEqual(broughtBack(then));
        // What happened stays.
        expect(back).toMatchObject({
          activities: now.activities,
          commands: now.commands,
          conversation: { appended: now.conversation.appended },
        });
        expect(broughtBack(bench.restore("undo", "undone"))).toEqual(broughtBack(now));
        expect(broughtBack(bench.restore("undone", "again"))).toEqual(broughtBack(then));
        bench.run(later);
        if (findCheckpoint(bench.session ?? session(), "kept") === undefined) return;
        const last = bench.restore("kept", "last");
        if (last !== undefined) expect(broughtBack(last)).toEqual(broughtBack(then));
      }),
      { numRuns: 200, seed: 3 },
    );
    expect(restored).toBeGreaterThan(20);
  });
});
