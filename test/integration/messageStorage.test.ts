import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { readBackup, restoreBackup } from "../../src/daemon.js";
import {
  contentsOf,
  conversationFile,
  expectWhole,
  indicesOf,
  LIMITS,
  messagesOf,
  NEVER,
  Talk,
  whenSaved,
  wholeLines,
} from "../support/conversation.js";
import { daemonForTest, TestDaemon } from "../support/daemon.js";

describe("a conversation", () => {
  it("S4.6 is read from both ends, in the journal, in the file, in both, and after a restart", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const talk = await Talk.open(peer);
    const file = conversationFile(daemon, talk.session);
    await talk.say(peer, 20);
    await expectWhole(peer, talk);
    await whenSaved(file, 20);
    await expectWhole(peer, talk);
    await talk.say(peer, 15);
    await expectWhole(peer, talk);
    await daemon.crash();
    peer = await daemon.peer();
    await expectWhole(peer, talk);
    await talk.say(peer, 5);
    await daemon.restart();
    peer = await daemon.peer();
    await expectWhole(peer, talk);
    expect(await wholeLines(file)).toHaveLength(40);
  });

  it("S4.6 a page goes on across a save in between, from either end", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const talk = await Talk.open(peer);
    const { sessionId } = talk.session;
    await talk.say(peer, 6);
    const newest = await peer.call("message/list", { sessionId, order: "newest", limit: 2 });
    const oldest = await peer.call("message/list", { sessionId, limit: 2 });
    await whenSaved(conversationFile(daemon, talk.session), 6);
    await talk.say(peer, 1);
    const back = await peer.call("message/list", { sessionId, order: "newest", cursor: newest.nextCursor });
    expect(indicesOf([...newest.items, ...back.items])).toEqual([6, 5, 4, 3, 2, 1]);
    const on = await peer.call("message/list", { sessionId, cursor: oldest.nextCursor });
    expect(indicesOf([...oldest.items, ...on.items])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it("S4.6 with a damaged line leaves the others readable, and goes on", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const talk = await Talk.open(peer);
    const { sessionId } = talk.session;
    const file = conversationFile(daemon, talk.session);
    await talk.say(peer, 5);
    await whenSaved(file, 5);
    // A save has come to its end, the sync included, when the next one has begun.
    await talk.say(peer, 1);
    await whenSaved(file, 6);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"m3"', '"n3"'));
    const expected = ["m1", "m2", "damaged", "m4", "m5", "m6"];
    for (const limit of LIMITS) {
      const oldest = await messagesOf(peer, sessionId, { limit });
      expect(contentsOf(oldest), `oldest, ${limit} a page`).toEqual(expected);
      const newest = await messagesOf(peer, sessionId, { order: "newest", limit });
      expect(newest, `newest, ${limit} a page`).toEqual(oldest.toReversed());
    }
    const offsetBytes = Buffer.byteLength(text.split("\n").slice(0, 2).join("\n")) + 1;
    const [, , damaged] = await messagesOf(peer, sessionId);
    expect(damaged).toEqual({ damaged: true, error: "content_damaged", offsetBytes });
    await talk.say(peer, 1);
    await whenSaved(file, 7);
    expect(contentsOf(await messagesOf(peer, sessionId))).toEqual([...expected, "m7"]);
    // The journal still has all of it, and makes the file whole.
    await daemon.crash();
    await expectWhole(await daemon.peer(), talk);
  });

  it("S0.14 is in a backup as far as it had come: what is saved, and what is not", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const talks = [await Talk.open(peer), await Talk.open(peer, NEVER)];
    for (const talk of talks) await talk.say(peer, 10);
    const [saved, unsaved] = talks;
    if (saved === undefined || unsaved === undefined) throw new Error("there is no talk");
    await whenSaved(conversationFile(daemon, saved.session), 10);
    expect(await wholeLines(conversationFile(daemon, unsaved.session))).toEqual([]);
    const path = join(daemon.folder, "backup");
    await peer.call("daemon/backup", { path });
    for (const { session } of talks) {
      const params = { sessionId: session.sessionId, role: "user", content: "later" } as const;
      await peer.call("message/append", params);
    }
    const copy = await TestDaemon.prepare();
    try {
      const how = { replace: false, dryRun: false, nowMs: Date.UTC(2026, 0, 2) };
      await restoreBackup(await readBackup(path), { dataDir: copy.dataDir, ...how });
      await copy.start();
      for (const talk of talks) await expectWhole(await copy.peer(), talk);
    } finally {
      await copy.close();
    }
  });
});
