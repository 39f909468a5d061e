import { beforeEach, describe, expect, it } from "vitest";

import { openMemoryJournal } from "../../src/journal/index.js";
import { RefusalError } from "../../src/protocol/errors.js";
import type { Command } from "../../src/session/commands.js";
import type { After } from "../../src/supervisor/ledger.js";
import { create, execution } from "../session/samples.js";
import { LedgerBench, settled } from "./ledgerBench.js";
import { ScriptedJournal } from "./scriptedJournal.js";

let bench: LedgerBench<ScriptedJournal>;
let journal: ScriptedJournal;
beforeEach(() => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  journal = bench.journal;
});

const touch = (sessionId: string): Command => ({ type: "session/touch", sessionId });
const resume = (sessionId: string): Command => ({ type: "session/resume", sessionId });

describe("a write", () => {
  it("moves head at once, and is answered when it is durable", async () => {
    const first = bench.create("a");
    const second = bench.submit(touch("a"));
    await settled();
    expect(bench.registry.session("a")).toBeDefined();
    expect(bench.registry.committedSessions.size).toBe(0);
    expect([first, second]).toEqual([{}, {}]);
    journal.sync();
    await settled();
    expect([first, second]).toEqual([{ answer: { seq: 1 } }, { answer: { seq: 2 } }]);
    expect(bench.registry.committedSessions.get("a")).toBe(bench.registry.session("a"));
  });

  it("is one record, stamped with both clocks in whole milliseconds", async () => {
    bench.clock.pass(0.4);
    bench.create("a");
    journal.sync();
    expect(journal.records).toMatchObject([
      { seq: 1, at: expect.closeTo(1_000_000.4), up: 5_000, events: [{ type: "session/created" }] },
    ]);
    expect(journal.records[0]).not.toHaveProperty("key");
  });

  it("is answered with what is to be shown, from the state that it led to", async () => {
    const seen: After[] = [];
    const show = (after: After): object => {
      seen.push(after);
      return { name: after.session?.name, commandId: after.execution?.commandId };
    };
    const created = bench.submit(create({ sessionId: "s", name: "build" }), { show });
    const { commandId, name, argv, cwd, token, limits, retry } = execution();
    const fields = { commandId, name, argv, cwd, token, limits, retry };
    const started = bench.submit({ type: "command/start", sessionId: "s", ...fields }, { show });
    const signalled = bench.submit({ type: "command/signal", commandId, signal: "SIGTERM" }, { show });
    // Shown to the one who asked, before anybody else can see it.
    expect(bench.registry.committedSessions.size).toBe(0);
    journal.sync();
    await settled();
    expect(created.answer).toEqual({ seq: 1, name: "build", commandId: undefined });
    expect(started.answer).toEqual({ seq: 2, name: "build", commandId: "c" });
    expect(signalled.answer).toEqual({ seq: 3, name: "build", commandId: "c" });
    expect(seen[0]?.session).toEqual(bench.committed[0]?.changes.sessions[0]?.value);
    expect(seen[1]).toEqual({
      session: bench.committed[1]?.changes.sessions[0]?.value,
      execution: bench.committed[1]?.changes.executions[0]?.value,
      events: bench.committed[1]?.events,
      stamp: bench.committed[1]?.stamp,
    });
    expect(seen[2]?.execution?.cancelled).toBe(true);
  });

  it("runs its effects in the order of the records, before it is answered", async () => {
    bench.create("a");
    const second = bench.create("b");
    journal.sync(1);
    expect(bench.events).toEqual(["session/created"]);
    journal.sync();
    expect(bench.committed.map(({ stamp }) => stamp.seq)).toEqual([1, 2]);
    expect(second).toEqual({});
    await settled();
    expect(second.answer?.seq).toBe(2);
  });

  it("does the same over a journal in memory", async () => {
    const plain = new LedgerBench(() => openMemoryJournal());
    const created = plain.create("a");
    const refused = plain.create("a");
    const unchanged = plain.submit(resume("a"));
    expect([created, refused, unchanged]).toEqual([{}, {}, {}]);
    await settled();
    await settled();
    expect([created, refused, unchanged]).toEqual([
      { answer: { seq: 1 } },
      { refused: "session_exists" },
      { answer: { seq: 1 } },
    ]);
    await plain.journal.close();
    const late = plain.submit(touch("a"));
    await settled();
    expect(late).toEqual({ refused: "journal_unavailable" });
  });
});

describe("a refusal and a call that changes nothing", () => {
  it("wait until the head that they saw is durable", async () => {
    bench.create("a");
    const refused = bench.create("a");
    const unchanged = bench.submit(resume("a"));
    bench.create("b");
    await settled();
    expect([refused, unchanged]).toEqual([{}, {}]);
    journal.sync(1);
    await settled();
    expect(refused).toEqual({ refused: "session_exists" });
    expect(unchanged).toEqual({ answer: { seq: 1 } });
    expect(bench.registry.committedSessions.has("b")).toBe(false);
  });

  it("are answered at once where nothing is on its way", async () => {
    bench.create("a");
    journal.sync();
    const refused = bench.create("a");
    const unchanged = bench.submit(resume("a"), {
      show: ({ session }) => ({ status: session?.status }),
    });
    await settled();
    expect(refused).toEqual({ refused: "session_exists" });
    expect(unchanged).toEqual({ answer: { seq: 1, status: "active" } });
    expect(journal.records).toHaveLength(1);
  });
});

describe("a disk that refuses", () => {
  it("refuses everything decided since the last durable event, and head falls back", async () => {
    bench.create("kept");
    journal.sync();
    const lost = [
      bench.create("a"),
      bench.submit(touch("a")),
      bench.submit({ type: "session/end", sessionId: "kept", status: "failed" }),
      bench.create("a"),
      bench.submit(resume("a")),
    ];
    journal.refuse();
    await settled();
    expect(lost).toEqual(lost.map(() => ({ refused: "journal_unavailable" })));
    expect(bench.registry.session("a")).toBeUndefined();
    expect(bench.registry.session("kept")?.status).toBe("active");
    expect(bench.registry.sessionCount).toBe(1);
    expect(bench.events).toEqual(["session/created"]);
    // What comes next gets the number that was taken back.
    const again = bench.create("a");
    journal.sync();
    await settled();
    expect(again).toEqual({ answer: { seq: 2 } });
  });

  it("says so, with what to do about it", async () => {
    const answer = bench.ledger.submit(create());
    journal.state = "full";
    journal.refuse();
    const error: unknown = await answer.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusalError);
    expect(error).toMatchObject({
      refusal: {
        type: "journal_unavailable",
        message: expect.stringContaining("no space left. Nothing was changed."),
        hint: expect.stringContaining("free space"),
      },
    });
  });

  it.each([
    ["full", "free space"],
    ["failed", "a sync failed"],
  ] as const)("says what to do about one that is %s", async (state, hint) => {
    journal.state = state;
    const error: unknown = await bench.ledger.submit(create()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      refusal: { type: "journal_unavailable", hint: expect.stringContaining(hint) },
    });
  });

  it("does not speak of space where the journal is closed", async () => {
    const plain = new LedgerBench(() => openMemoryJournal());
    await plain.journal.close();
    await expect(plain.ledger.submit(create())).rejects.toMatchObject({
      refusal: { hint: "the daemon is stopping; connect again in a moment" },
    });
  });

  it("is not asked while it is known to be full, but by the daemon itself", async () => {
    bench.create("a");
    journal.sync();
    journal.state = "full";
    const refused = bench.submit(touch("a"));
    const own = bench.submit(
      { type: "session/expire", sessionId: "a", limit: "idle", afterMs: 1 },
      { isOwn: true },
    );
    await settled();
    expect(refused).toEqual({ refused: "journal_unavailable" });
    expect(journal.waiting).toBe(1);
    journal.sync();
    await settled();
    expect(own).toEqual({ answer: { seq: 2 } });
    await expect(bench.ledger.submit(touch("a"))).rejects.toThrow("The journal takes no writes: ENOSPC");
  });
});

describe("an error that nobody foresaw", () => {
  it("comes through as it is", async () => {
    const calls = [bench.create("a"), bench.create("a"), bench.submit(resume("a"))];
    journal.refuse(new TypeError("what?"));
    await settled();
    expect(calls).toEqual(calls.map(() => ({ refused: "what?" })));
  });

  it("is told without a reason where the journal has none", async () => {
    journal.state = "failed";
    journal.reason = undefined;
    await expect(bench.ledger.submit(create())).rejects.toThrow("it cannot be written. Nothing was changed.");
  });
});

describe("a record that the journal cannot take at all", () => {
  it("changes nothing", async () => {
    bench.create("a");
    journal.append = () => {
      throw new RangeError("A record is too long.");
    };
    const refused = bench.create("b");
    await settled();
    expect(refused).toEqual({ refused: "A record is too long." });
    expect(bench.registry.session("b")).toBeUndefined();
    expect(bench.registry.sessionCount).toBe(1);
  });

  it("frees its key", async () => {
    const append = journal.append.bind(journal);
    journal.append = () => {
      throw new RangeError("A record is too long.");
    };
    const call = { key: "k", method: "session/create", digest: 7 };
    bench.create("b", { call });
    await settled();
    journal.append = append;
    const again = bench.create("b", { call });
    journal.sync();
    await settled();
    expect(again).toEqual({ answer: { seq: 1 } });
  });
});
