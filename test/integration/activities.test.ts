import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { itOnFiles } from "../support/storage.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite();
const SOON = { autoSaveIntervalMs: 100 };

type Item = Result<"session/activities">["items"][number];

/** All activities of a session, page by page, by their actions; a damaged one is "damaged". */
async function actionsOf(
  peer: Peer,
  sessionId: string,
  order: "newest" | "oldest",
  limit: number,
): Promise<string[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await peer.call("session/activities", {
      sessionId,
      order,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items.map((item) => ("damaged" in item ? "damaged" : item.action));
}

function activitiesFile({ dataDir }: TestDaemon, session: { sessionId: string; createdSeq: number }): string {
  return join(dataDir, "content", `${session.sessionId}~${session.createdSeq}`, "activities.jsonl");
}

async function savedLines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").slice(0, -1);
}

describe("activities", () => {
  it("S1.1 keeps what was recorded, with its details and usage", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const details = { file: "a b.ts", lines: [1, 2], "ü\u2028": null };
    const usage = { tool: "edit", durationMs: 3, costUsd: 0.1 };
    const { seq } = await peer.call("session/record", { sessionId, action: "edit", details, usage });
    await peer.call("session/record", { sessionId, action: "bare" });
    const { items, total } = await peer.call("session/activities", { sessionId, order: "oldest" });
    expect(total).toBe(2);
    expect(items[0]).toEqual({ seq, at: expect.any(String) as string, action: "edit", details, usage });
    expect(items[1]).not.toHaveProperty("details");
  });

  it("S1.1 is refused on a session that is not active", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/end", { sessionId });
    const refused = peer.call("session/record", { sessionId, action: "late" });
    await expect(refused).rejects.toMatchObject({ type: "session_not_active" });
    expect((await peer.call("session/activities", { sessionId })).total).toBe(0);
  });

  itOnFiles(
    "S1.1 pages in both orders, in the journal, in the file, in both, and after a restart",
    async () => {
      const own = await daemonForTest();
      let peer = await own.peer();
      const session = await peer.call("session/create", { config: SOON });
      const { sessionId } = session;
      const expected: string[] = [];
      const record = async (count: number): Promise<void> => {
        const actions = Array.from({ length: count }, (_, index) => `a${expected.length + index}`);
        await Promise.all(actions.map((action) => peer.call("session/record", { sessionId, action })));
        expected.push(...actions);
      };
      const check = async (): Promise<void> => {
        for (const limit of [1, 7, 1_000]) {
          expect(await actionsOf(peer, sessionId, "oldest", limit)).toEqual(expected);
          expect(await actionsOf(peer, sessionId, "newest", limit)).toEqual(expected.toReversed());
        }
      };
      const file = activitiesFile(own, session);
      await record(20);
      await check();
      await until("the save", async () => (await savedLines(file)).length === 20);
      await check();
      await record(15);
      await check();
      await own.crash();
      peer = await own.peer();
      await check();
      await record(5);
      await own.restart();
      peer = await own.peer();
      await check();
      expect(await savedLines(file)).toHaveLength(40);
    },
  );

  itOnFiles("S1.1 a page goes on across a save in between", async () => {
    const peer = await daemon().peer();
    const session = await peer.call("session/create", { config: SOON });
    const { sessionId } = session;
    for (let index = 0; index < 6; index += 1) {
      await peer.call("session/record", { sessionId, action: `a${index}` });
    }
    const first = await peer.call("session/activities", { sessionId, limit: 2 });
    const file = activitiesFile(daemon(), session);
    await until("the save", async () => (await savedLines(file)).length === 6);
    await peer.call("session/record", { sessionId, action: "later" });
    const rest = await peer.call("session/activities", { sessionId, cursor: first.nextCursor });
    const actions = [...first.items, ...rest.items].map((item) => "action" in item && item.action);
    expect(actions).toEqual(["a5", "a4", "a3", "a2", "a1", "a0"]);
  });

  itOnFiles("S1.1 a damaged line is told, and leaves the rest readable, also page by page", async () => {
    const peer = await daemon().peer();
    const session = await peer.call("session/create", { config: SOON });
    const { sessionId } = session;
    for (let index = 0; index < 5; index += 1) {
      await peer.call("session/record", { sessionId, action: `a${index}` });
    }
    const file = activitiesFile(daemon(), session);
    await until("the save", async () => (await savedLines(file)).length === 5);
    // A save has come to its end, the sync included, when the next one has begun.
    await peer.call("session/record", { sessionId, action: "a5" });
    await until("the next save", async () => (await savedLines(file)).length === 6);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"a2"', '"b2"'));
    const expected = ["a0", "a1", "damaged", "a3", "a4", "a5"];
    for (const limit of [1, 2, 3, 100]) {
      expect(await actionsOf(peer, sessionId, "oldest", limit), `oldest ${limit}`).toEqual(expected);
      expect(await actionsOf(peer, sessionId, "newest", limit), `newest ${limit}`).toEqual(
        expected.toReversed(),
      );
    }
    const { items } = await peer.call("session/activities", { sessionId, order: "oldest" });
    const offsetBytes = Buffer.byteLength(text.split("\n").slice(0, 2).join("\n")) + 1;
    expect(items[2]).toEqual({ damaged: true, error: "content_damaged", offsetBytes });
    // What comes after it is saved and read as ever.
    await peer.call("session/record", { sessionId, action: "a6" });
    await until("the save", async () => (await savedLines(file)).length === 7);
    expect(await actionsOf(peer, sessionId, "oldest", 100)).toEqual([...expected, "a6"]);
  });

  it("S1.9 S2.13 many writers at once, many sessions: each has its own, whole and in order", async () => {
    const peers = await Promise.all(Array.from({ length: 6 }, () => daemon().peer()));
    const [first] = peers as [Peer];
    const sessions = await Promise.all(
      Array.from({ length: 8 }, () => first.call("session/create", { config: SOON })),
    );
    const writes = peers.flatMap((peer, writer) =>
      sessions.flatMap(({ sessionId }, session) =>
        Array.from({ length: 10 }, (_, index) =>
          peer.call("session/record", { sessionId, action: `w${writer}-s${session}-${index}` }),
        ),
      ),
    );
    const seqs = (await Promise.all(writes)).map(({ seq }) => seq);
    expect(new Set(seqs).size).toBe(480);
    for (const [session, { sessionId }] of sessions.entries()) {
      const actions = await actionsOf(first, sessionId, "oldest", 7);
      expect(actions).toHaveLength(60);
      for (let writer = 0; writer < peers.length; writer += 1) {
        const own = actions.filter((action) => action.startsWith(`w${writer}-s${session}-`));
        expect(own).toEqual(Array.from({ length: 10 }, (_, index) => `w${writer}-s${session}-${index}`));
      }
    }
  });
});
