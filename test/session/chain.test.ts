import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { agentIdOf, currentOf, entriesOf, evolveChain } from "../../src/session/chain.js";
import type { Bounds, Command } from "../../src/session/commands.js";
import type { Decision, Head } from "../../src/session/decision.js";
import type { Chain } from "../../src/session/state.js";
import { throughJson } from "./model.js";
import { decided, headOf, onlyEvent, session } from "./samples.js";

type Append = Extract<Command, { type: "chain/append" }>;

const asks = (sessionId: string, entry: Partial<Append["entry"]> = {}): Append => ({
  type: "chain/append",
  agentId: "agent",
  entry: { sessionId, prompt: "?", ...entry },
});
const trims = (before: number): Command => ({ type: "chain/trim", agentId: "agent", before });
const resets: Command = { type: "chain/reset", agentId: "agent" };

/** A head with one session, `s`, and this chain. */
function headWith(chain: Chain | undefined, headSize = chain === undefined ? 0 : 1): Head {
  const head = headOf([session()]);
  const chains = { head: (id: string) => (id === "agent" ? chain : undefined), headSize };
  return { ...head, things: { ...head.things, chains } };
}

/** The chain after these commands, the first at 1,000 and each 1,000 later. */
function after(commands: readonly Command[], bounds: Partial<Bounds> = {}): Chain | undefined {
  let chain: Chain | undefined;
  for (const [index, command] of commands.entries()) {
    const at = 1_000 * (index + 1);
    const decision = decided(headWith(chain), command, { at, bounds });
    chain = evolveChain(chain, onlyEvent(decision), { seq: index + 1, at, up: at });
  }
  return chain;
}

function refusalOf(decision: Decision): object {
  return "refusal" in decision ? decision.refusal : {};
}

describe("a chain", () => {
  it("S3.1 grows by an interaction, whose session is the current one from then on", () => {
    const chain = after([asks("s"), asks("elsewhere/1", { response: "!", metadata: { model: "m" } })]);
    expect(chain).toMatchObject({ agentId: "agent", firstAt: 1_000, appended: 2, count: 2 });
    expect(throughJson([...entriesOf(chain as Chain)])).toEqual([
      { index: 1, seq: 1, at: 1_000, sessionId: "s", sessionCreatedSeq: 1, prompt: "?" },
      {
        index: 2,
        seq: 2,
        at: 2_000,
        sessionId: "elsewhere/1",
        prompt: "?",
        response: "!",
        metadata: { model: "m" },
      },
    ]);
    expect(currentOf(chain as Chain)?.sessionId).toBe("elsewhere/1");
  });

  it("S3.1 keeps 200 characters of a response and more of a prompt, and cuts none in two", () => {
    const response = `${"a".repeat(199)}😀`;
    const entry = [...entriesOf(after([asks("s", { prompt: "p".repeat(5_000), response })]) as Chain)][0];
    expect([entry?.prompt.length, entry?.response]).toEqual([4_096, "a".repeat(199)]);
    const whole = [...entriesOf(after([asks("s", { response: "a".repeat(200) })]) as Chain)][0];
    expect(whole?.response).toHaveLength(200);
  });

  it("lets the oldest leave where there are too many, counts them, and refuses nothing", () => {
    const chain = after(
      ["a", "b", "c", "d"].map((id) => asks(id)),
      { chainEntries: 2 },
    ) as Chain;
    expect([...entriesOf(chain)].map(({ index, sessionId }) => [index, sessionId])).toEqual([
      [3, "c"],
      [4, "d"],
    ]);
    expect(chain).toMatchObject({ appended: 4, count: 2, firstAt: 1_000 });
    const decision = decided(headWith(chain), asks("e"), { bounds: { chainEntries: 1 } });
    expect(onlyEvent(decision).data).toMatchObject({ index: 5, dropped: 2 });
  });

  it("refuses metadata that is too long, and one more agent than there may be", () => {
    const long = asks("s", { metadata: { text: "x".repeat(100) } });
    expect(refusalOf(decided(headWith(undefined), long))).toMatchObject({
      type: "limit_reached",
      details: { limit: "chainMetadataLength", bound: 100 },
    });
    const bounds = { chains: 1 };
    expect(refusalOf(decided(headWith(undefined, 1), asks("s"), { bounds }))).toMatchObject({
      type: "limit_reached",
      details: { limit: "chains" },
    });
    expect(decided(headWith(after([asks("s")])), asks("s"), { bounds })).toHaveProperty("events");
  });

  it("S3.2 loses what is old, and never the current one", () => {
    const chain = after([asks("a"), asks("b"), asks("c")]);
    expect(onlyEvent(decided(headWith(chain), trims(2_000)))).toEqual({
      type: "chain/trimmed",
      data: { agentId: "agent", before: 2_000, dropped: 1 },
    });
    const ids = (before: number): string[] =>
      [...entriesOf(after([asks("a"), asks("b"), asks("c"), trims(before)]) as Chain)].map(
        ({ sessionId }) => sessionId,
      );
    expect([ids(2_001), ids(99_000)]).toEqual([["c"], ["c"]]);
    expect(decided(headWith(chain), trims(1_000))).toEqual({ events: [] });
    expect(decided(headWith(after([asks("a")])), trims(99_000))).toEqual({ events: [] });
    expect(decided(headWith(undefined), trims(99_000))).toEqual({ events: [] });
  });

  it("S3.1 is forgotten by a reset, and begins anew", () => {
    expect(after([asks("a"), resets])).toBeUndefined();
    expect(after([asks("a"), resets, asks("b")])).toMatchObject({ appended: 1, firstAt: 3_000 });
    expect(refusalOf(decided(headWith(undefined), resets))).toMatchObject({ type: "chain_not_found" });
  });

  it("is left alone by the events of others, and a trim of nothing is nothing", () => {
    const chain = after([asks("a")]);
    const touched = { type: "session/touched", sessionId: "s", data: {} } as const;
    const stamp = { seq: 9, at: 9, up: 9 };
    expect(evolveChain(chain, touched, stamp)).toBe(chain);
    expect(agentIdOf(touched)).toBeUndefined();
    const trimmed = { type: "chain/trimmed", data: { agentId: "agent", before: 5, dropped: 1 } } as const;
    expect(evolveChain(undefined, trimmed, stamp)).toBeUndefined();
  });

  it("copies a piece of itself and not all when it grows, and is what a plain list would be", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 200 }), (count, keep) => {
        const before = after(
          Array.from({ length: count }, (_, index) => asks(`s${index}`)),
          { chainEntries: keep },
        ) as Chain;
        const indices = [...entriesOf(before)].map(({ index }) => index);
        const kept = Math.min(count, keep);
        expect(indices).toEqual(Array.from({ length: kept }, (_, index) => count - kept + 1 + index));
        expect(before.chunks.every(({ length }) => length > 0 && length <= 64)).toBe(true);
        const event = onlyEvent(decided(headWith(before), asks("next"), { bounds: { chainEntries: 1_000 } }));
        const grown = evolveChain(before, event, { seq: 999, at: 999, up: 999 }) as Chain;
        expect(grown.chunks.slice(0, before.chunks.length - 1)).toEqual(before.chunks.slice(0, -1));
        for (const [index, chunk] of before.chunks.slice(0, -1).entries())
          expect(grown.chunks[index]).toBe(chunk);
      }),
      { numRuns: 25 },
    );
  });
});
