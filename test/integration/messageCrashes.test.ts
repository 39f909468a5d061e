import { readFile, truncate } from "node:fs/promises";
import { describe, expect, it } from "vitest";

import {
  conversationFile,
  expectWhole,
  NEVER,
  Talk,
  whenSaved,
  wholeLines,
} from "../support/conversation.js";
import { daemonForTest } from "../support/daemon.js";
import { whenSnapshotted } from "../support/snapshot.js";
import { until } from "../support/until.js";

describe("kill -9 in a conversation", () => {
  const CONFIG = {
    sessions: { idleTimeoutMs: 0 },
    journal: { minimumSnapshotBytes: 8_192, segmentBytes: 16_384, keepMs: 0, keepBytes: 0 },
  };

  it(
    "B.9 between append, save and compaction loses nothing and doubles nothing",
    { timeout: 90_000 },
    async () => {
      const daemon = await daemonForTest({ config: CONFIG });
      let peer = await daemon.peer();
      const talk = await Talk.open(peer);
      const late = await Talk.open(peer, NEVER);
      const file = conversationFile(daemon, talk.session);
      const rounds = ["appended", "saved", "snapshotted", "appended", "compacted", "appended"] as const;
      const phases = {
        appended: async (): Promise<void> => undefined,
        saved: async (): Promise<void> => void (await whenSaved(file, talk.said.length)),
        snapshotted: (): Promise<void> => whenSnapshotted(peer),
        compacted: async (): Promise<void> => {
          await until("the first segments to go", async () => {
            await whenSnapshotted(peer);
            return (await peer.call("daemon/status")).journal.oldestSeq > 1;
          });
        },
      };
      for (const phase of rounds) {
        // Large enough that each save takes some bytes, and each round outgrows the last snapshot.
        await Promise.all([talk.say(peer, 20, 500), late.say(peer, 20, 500)]);
        await phases[phase]();
        await daemon.crash();
        peer = await daemon.peer();
        await expectWhole(peer, talk, [11]);
        await expectWhole(peer, late, [11]);
      }
      expect((await peer.call("daemon/status")).journal.oldestSeq).toBeGreaterThan(1);
      await daemon.restart();
      peer = await daemon.peer();
      await expectWhole(peer, talk);
      await expectWhole(peer, late);
      expect(await wholeLines(file)).toHaveLength(talk.said.length);
    },
  );

  it("B.9 in the middle of a save leaves a torn line, which the journal makes whole", async () => {
    const daemon = await daemonForTest();
    let peer = await daemon.peer();
    const talk = await Talk.open(peer);
    const file = conversationFile(daemon, talk.session);
    await talk.say(peer, 9);
    await whenSaved(file, 9);
    for (const missing of [1, 100, 400]) {
      await daemon.kill();
      const { length } = await readFile(file);
      await truncate(file, length - missing);
      await daemon.start();
      peer = await daemon.peer();
      await expectWhole(peer, talk);
      await whenSaved(file, 9);
    }
    await talk.say(peer, 1);
    await whenSaved(file, 10);
    await expectWhole(peer, talk);
  });
});
