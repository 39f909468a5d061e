import { Database } from "node-sqlite3-wasm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { inTransaction, isDamage } from "../../src/search/indexFile.js";
import { searchIndex } from "../../src/search/indexReader.js";
import { IndexWriter } from "../../src/search/indexWriter.js";
import type { IndexedDocument, SearchQuery, SessionRow } from "../../src/search/messages.js";
import { TABLES } from "../../src/search/schema.js";

let database: Database;
let writer: IndexWriter;
beforeEach(() => {
  database = new Database();
  database.exec(TABLES);
  writer = new IndexWriter(database);
});
afterEach(() => {
  writer.close();
  database.close();
});

const session = (createdSeq: number, more: Partial<SessionRow> = {}): SessionRow => ({
  createdSeq,
  sessionId: `s${createdSeq}`,
  userId: undefined,
  tags: [],
  hidden: [],
  createdAt: createdSeq,
  text: `session ${createdSeq}`,
  counts: { message: 0, activity: 0 },
  ...more,
});

const message = (createdSeq: number, seq: number, more: Partial<IndexedDocument> = {}): IndexedDocument => ({
  createdSeq,
  kind: "message",
  seq,
  at: Math.max(seq, createdSeq),
  text: "word",
  place: seq,
  messageId: `m${seq}`,
  role: "user",
  ...more,
});

const add = (...documents: IndexedDocument[]): void => writer.add({ documents, settled: [] });

function find(match: string, more: Partial<SearchQuery> = {}): (readonly [sessionId: string, seq: number])[] {
  const query: SearchQuery = {
    match,
    kinds: ["message", "activity", "session"],
    order: "newest",
    limit: 10_000,
    ...more,
  };
  return searchIndex(database, query).map(({ sessionId, seq }) => [sessionId, seq] as const);
}

describe("the index", () => {
  it("says how far it is with a session, by kind", () => {
    expect(writer.describe([session(1)])).toEqual([
      { createdSeq: 1, counts: { message: 0, activity: 0 }, last: { message: null, activity: null } },
    ]);
    const activity = { ...message(1, 4), kind: "activity" } as const;
    const settled = [{ createdSeq: 1, counts: { message: 2, activity: 1 } }];
    writer.add({ documents: [activity, message(1, 3), message(1, 2)], settled });
    expect(writer.describe([session(1)])).toEqual([
      { createdSeq: 1, counts: { message: 2, activity: 1 }, last: { message: 3, activity: 4 } },
    ]);
  });

  it("takes each body once, however often it comes", () => {
    writer.describe([session(1)]);
    add(message(1, 2), message(1, 3));
    add(message(1, 3), message(1, 2), message(1, 4));
    expect(find('"word"')).toEqual([
      ["s1", 4],
      ["s1", 3],
      ["s1", 2],
    ]);
  });

  it("leaves out the bodies of a session that was removed meanwhile", () => {
    add(message(1, 2));
    expect(find('"word"')).toEqual([]);
  });

  it("has room for bodies that came with their sessions, and for large numbers", () => {
    const big = 2 ** 42;
    writer.describe([session(big), session(big + 5)]);
    const copied = Array.from({ length: 3_000 }, (_, at) => message(big, at - 3_000));
    add(...copied, ...copied.map((document) => ({ ...document, createdSeq: big + 5 })));
    add(message(big, big + 1), message(big, big + 2));
    const all = find('"word"');
    expect(all).toHaveLength(6_002);
    expect(new Set(all.map(String)).size).toBe(6_002);
    expect(find('"word"', { sessions: [big + 5] })).toHaveLength(3_000);
  });

  it("follows a session that changes, and hides what is to be hidden", () => {
    writer.describe([session(1, { text: "old name" })]);
    add(message(1, 2, { place: 1 }), message(1, 3, { place: 2 }), message(1, 4, { place: 3 }));
    writer.describe([
      session(1, {
        text: "new name",
        userId: "ada",
        tags: ["x"],
        hidden: [
          [1, 1],
          [3, 9],
        ],
      }),
    ]);
    expect(find('"old"')).toEqual([]);
    expect(find('"new"')).toEqual([["s1", 1]]);
    expect(find('"word"', { userId: "ada", tags: ["x"] })).toEqual([["s1", 3]]);
    writer.describe([session(1, { text: "new name" })]);
    expect(find('"word"', { userId: "ada" })).toEqual([]);
    expect(find('"word"')).toHaveLength(3);
  });

  it("ranks the newest of what nearly everything matches, and all of it where more is asked", () => {
    writer.describe([session(1, { userId: "u" }), session(900)]);
    // The best one of all is the oldest.
    add(message(1, 2, { text: "bar" }));
    for (let seq = 3; seq < 40; seq += 1) add(message(1, seq, { text: `bat ball and bank, number ${seq}` }));
    const ranked = (match: string, bound: number, more: Partial<SearchQuery> = {}): number[] => {
      const kinds = ["message", "activity", "session"] as const;
      const query: SearchQuery = { match, kinds, order: "rank", limit: 1_000, ...more };
      return searchIndex(database, query, bound).map(({ seq }) => seq);
    };
    const all = Array.from({ length: 38 }, (_, at) => at + 2);
    expect(ranked('"ba"*', 38).toSorted((a, b) => a - b)).toEqual(all);
    expect(ranked('"ba"*', 10).toSorted((a, b) => a - b)).toEqual(all.slice(-10));
    // What fewer match is ranked as a whole, whatever else there is.
    expect(ranked('"bar"', 10)).toEqual([2]);
    for (const more of [
      { kinds: ["message"] },
      { sessions: [1] },
      { userId: "u" },
      { role: "user" },
      { since: 1 },
      { until: 1_000 },
    ] as const)
      expect(ranked('"ba"*', 10, more)).toHaveLength(38);
    expect(ranked('"ba"*', 10, { order: "newest" })).toHaveLength(38);
    // What is left out takes no place among the newest.
    for (let seq = 901; seq < 920; seq += 1) add(message(900, seq, { text: "bat" }));
    expect(ranked('"ba"*', 10, { without: [900] }).toSorted((a, b) => a - b)).toEqual(all.slice(-10));
  });

  it("removes sessions in slices, and knows those that it should not have", () => {
    writer.describe([session(1), session(2)]);
    add(...Array.from({ length: 1_200 }, (_, at) => message(1, at + 3)));
    expect(writer.strangers([2, 7])).toEqual([1]);
    const steps: boolean[] = [];
    do steps.push(writer.remove([1, 7]));
    while (steps.at(-1) === false);
    expect(steps.length).toBeGreaterThan(2);
    expect(find('"word" OR "session"')).toEqual([["s2", 2]]);
    expect(writer.strangers([2])).toEqual([]);
    database.exec("INSERT INTO words (words) VALUES ('integrity-check')");
  });

  it("tells how much it has written", () => {
    writer.describe([session(1, { text: "12345" })]);
    add(message(1, 2));
    expect(writer.writtenLength).toBe(9);
  });
});

describe("a transaction", () => {
  it("happens as a whole or not at all", () => {
    const work = (): void => {
      database.run("INSERT INTO note VALUES ('a', 'b')");
      throw new Error("no");
    };
    expect(() => inTransaction(database, work)).toThrow("no");
    expect(database.get("SELECT * FROM note")).toBeNull();
    expect(() =>
      inTransaction(database, () => {
        database.exec("ROLLBACK");
        throw new Error("full");
      }),
    ).toThrow("full");
  });

  it("tells damage from other failures", () => {
    expect(isDamage(new Error("database disk image is malformed"))).toBe(true);
    expect(isDamage(new Error("database or disk is full"))).toBe(false);
    expect(isDamage("malformed")).toBe(false);
  });
});
