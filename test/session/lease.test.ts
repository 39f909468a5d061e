import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import type { Decision } from "../../src/session/decision.js";
import { faultOfLease } from "../../src/session/lease.js";
import type { Lease, Session } from "../../src/session/state.js";
import { Model } from "./model.js";
import { after, create, decided, execution, headOf, onlyEvent, session } from "./samples.js";

const HELD: Lease = { token: "k", epoch: 3, holder: "ada", claimedAt: 1_500, isHeld: true };
const held = (changes: Partial<Lease> = {}): Session => session({ lease: { ...HELD, ...changes } });
const released = session({ lease: { ...HELD, isHeld: false } });
const over = session({ status: "completed", endedAt: 5_000, lease: { ...HELD, isHeld: false } });

const claim = (changes: object = {}): Command => ({
  type: "session/claim",
  sessionId: "s",
  token: "new",
  takeover: false,
  ...changes,
});
const TOUCH = { type: "session/touch", sessionId: "s" } as const;

function refusal(decision: Decision | undefined): object | undefined {
  return decision === undefined || "events" in decision ? undefined : decision.refusal;
}

describe("a claim", () => {
  it("of a session that nobody ever held gives the first lease", () => {
    expect(after(session(), claim({ holder: "ada" }))?.lease).toEqual({
      token: "new",
      epoch: 1,
      holder: "ada",
      claimedAt: 9_000,
      isHeld: true,
    });
  });

  it("counts as activity, and comes to a paused session as well", () => {
    const paused = session({ status: "paused" });
    expect(after(paused, claim())).toMatchObject({
      lastActivityAt: 9_000,
      lastActivityUp: 400,
      status: "paused",
    });
  });

  it("goes on counting where the lease before was let go", () => {
    expect(after(released, claim())?.lease).toMatchObject({ epoch: 4, token: "new", isHeld: true });
  });

  it("of a session that somebody holds is refused, and says who and since which epoch", () => {
    const decision = decided(headOf([held()]), claim());
    expect(refusal(decision)).toMatchObject({
      type: "lease_held",
      message: 'Session "s" is claimed by "ada", who alone may write to it.',
      details: { epoch: 3, holder: "ada" },
    });
    const nameless = decided(headOf([held({ holder: undefined })]), claim());
    expect(refusal(nameless)).toMatchObject({
      message: 'Session "s" is claimed by somebody else, who alone may write to it.',
      details: { epoch: 3 },
    });
  });

  it("takes it over where that is asked for", () => {
    expect(after(held(), claim({ takeover: true }))?.lease).toMatchObject({ token: "new", epoch: 4 });
  });

  it("that shows the lease takes it up again and changes nothing, also with takeover", () => {
    for (const takeover of [false, true])
      expect(decided(headOf([held()]), claim({ held: "k", takeover }))).toEqual({ events: [] });
  });

  it("that shows a lease which is over is refused, unless it may take the session over", () => {
    for (const one of [held({ token: "other" }), released, session()])
      expect(refusal(decided(headOf([one]), claim({ held: "k" })))).toMatchObject({ type: "lease_lost" });
    const epoch = onlyEvent(decided(headOf([held()]), claim({ held: "older", takeover: true }))).data;
    expect(epoch).toMatchObject({ epoch: 4 });
  });

  it("of a session that has ended is refused", () => {
    for (const changes of [{}, { held: "k" }, { takeover: true }])
      expect(refusal(decided(headOf([over]), claim(changes)))).toMatchObject({ type: "session_not_active" });
  });
});

describe("a lease", () => {
  it("is let go by its holder, and by nobody else", () => {
    const release = (token: string): Command => ({ type: "session/release", sessionId: "s", held: token });
    expect(onlyEvent(decided(headOf([held()]), release("k"))).data).toEqual({ epoch: 3, reason: "released" });
    expect(after(held(), release("k"))).toMatchObject({
      lease: { epoch: 3, isHeld: false },
      lastActivityAt: 1_000,
    });
    expect(decided(headOf([released]), release("k"))).toEqual({ events: [] });
    expect(decided(headOf([over]), release("k"))).toEqual({ events: [] });
    for (const one of [held(), released, session()])
      expect(refusal(decided(headOf([one]), release("older")))).toMatchObject({ type: "lease_lost" });
  });

  it("lapses when its holder is gone, and a later one does not", () => {
    const lapse = (epoch: number): Command => ({ type: "session/lapse", sessionId: "s", epoch });
    expect(onlyEvent(decided(headOf([held()]), lapse(3))).data).toEqual({
      epoch: 3,
      reason: "connection_lost",
    });
    for (const one of [held({ epoch: 4 }), released, session(), over])
      expect(decided(headOf([one]), lapse(3))).toEqual({ events: [] });
  });

  it("ends with its session, in the same record", () => {
    const end: Command = { type: "session/end", sessionId: "s", status: "failed", reason: "r" };
    const expire: Command = { type: "session/expire", sessionId: "s", limit: "idle", afterMs: 5 };
    for (const command of [end, expire]) {
      expect(decided(headOf([held()]), command)).toMatchObject({
        events: [
          { type: "session/released", data: { epoch: 3, reason: "session_ended" } },
          { type: "session/ended" },
        ],
      });
      expect(decided(headOf([released]), command)).toMatchObject({ events: [{ type: "session/ended" }] });
    }
  });
});

describe("a write", () => {
  const fault = (one: Session, token: string | undefined, command: Command = TOUCH): object | undefined =>
    refusal(faultOfLease(headOf([one], [execution()]), command, token));

  it("to a session that somebody holds shows the lease, or is refused", () => {
    expect(fault(held(), "k")).toBeUndefined();
    expect(fault(held(), undefined)).toMatchObject({
      type: "lease_held",
      details: { epoch: 3, holder: "ada" },
    });
    expect(fault(held(), "older")).toMatchObject({
      type: "lease_lost",
      message: 'The lease on session "s" is over; now it is claimed by "ada".',
      details: { epoch: 3, holder: "ada" },
    });
    expect(fault(held({ holder: undefined }), "older")).toMatchObject({
      message: 'The lease on session "s" is over; now it is claimed by somebody else.',
    });
  });

  it("to a session that nobody holds is taken, but not from one that believes to be alone", () => {
    for (const one of [session(), released]) {
      expect(fault(one, undefined)).toBeUndefined();
      expect(fault(one, "older")).toMatchObject({ type: "lease_lost" });
    }
    expect(fault(released, "k")).toMatchObject({
      type: "lease_lost",
      message: 'The lease on session "s" is over; now nobody holds it.',
      details: { epoch: 3 },
    });
  });

  it("to a session that has ended is for anyone but an older holder", () => {
    expect([undefined, "k"].map((token) => fault(over, token))).toEqual([undefined, undefined]);
    expect(fault(over, "older")).toMatchObject({ type: "lease_lost" });
  });

  it("to a command is one to its session", () => {
    const signal: Command = { type: "command/signal", commandId: "c", signal: "SIGTERM" };
    expect(fault(held(), undefined, signal)).toMatchObject({ type: "lease_held" });
    expect(fault(held(), "k", signal)).toBeUndefined();
    expect(fault(held(), "k", { ...signal, commandId: "unknown" })).toBeUndefined();
  });

  it("is not what makes a session, nor what is about no session", () => {
    expect(fault(held(), undefined, create({ sessionId: "s" }))).toBeUndefined();
    expect(fault(held(), undefined, { type: "template/delete", templateId: "s" })).toBeUndefined();
    expect(fault(held(), "k", { ...TOUCH, sessionId: "unknown" })).toBeUndefined();
  });
});

describe("whatever writers do", () => {
  /** Each claims under its own name, never lets a lease out of its mind, and writes with the last one that it got. */
  const moves = fc.array(
    fc.record({
      writer: fc.constantFrom("ada", "ben", "cyd"),
      does: fc.constantFrom(
        "write",
        "write",
        "claim",
        "takeover",
        "reclaim",
        "release",
        "lapse",
        "end",
        "bare",
      ),
    }),
    { maxLength: 60 },
  );

  it("no write with an older lease is accepted, and none without while somebody holds the session", () => {
    fc.assert(
      fc.property(moves, (list) => {
        const model = new Model();
        let seq = 0;
        const ask = (command: Command, token?: string): Decision => {
          const decision = faultOfLease(model, command, token) ?? decided(model, command);
          for (const event of "events" in decision ? decision.events : [])
            model.apply({ event, stamp: { seq: ++seq, at: seq, up: seq } });
          return decision;
        };
        ask(create({ sessionId: "s" }));
        const last = new Map<string, { readonly token: string; readonly epoch: number }>();
        let newest = 0;
        for (const [index, { writer, does }] of list.entries()) {
          const mine = last.get(writer);
          const token = `${writer} ${index}`;
          if (does === "claim" || does === "takeover" || does === "reclaim") {
            const shown = does === "reclaim" ? mine?.token : undefined;
            const decision = ask(
              claim({ token, takeover: does === "takeover", holder: writer, held: shown }),
            );
            const lease = model.session("s")?.lease;
            if ("refusal" in decision || lease === undefined) continue;
            expect(lease.epoch).toBeGreaterThanOrEqual(newest);
            expect(lease.isHeld).toBe(true);
            newest = lease.epoch;
            last.set(writer, { token: lease.token, epoch: lease.epoch });
          } else if (does === "release" && mine !== undefined) {
            ask({ type: "session/release", sessionId: "s", held: mine.token });
          } else if (does === "lapse") {
            ask({ type: "session/lapse", sessionId: "s", epoch: newest });
          } else if (does === "end") {
            ask({ type: "session/end", sessionId: "s", status: "completed" }, mine?.token);
          } else {
            const shown = does === "bare" ? undefined : mine?.token;
            const isHeld = model.session("s")?.lease?.isHeld === true;
            const decision = ask({ type: "metadata/set", sessionId: "s", key: "k", value: index }, shown);
            if ("refusal" in decision) continue;
            // It was taken, so nobody has claimed the session since; and without a lease, nobody holds it.
            if (shown === undefined) expect(isHeld).toBe(false);
            else expect([mine?.epoch, isHeld]).toEqual([newest, true]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
