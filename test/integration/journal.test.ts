import { appendFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForTest } from "../support/daemon.js";
import { PeerLostError } from "../support/peer.js";
import { until } from "../support/until.js";

/** So small that within seconds there are many segments, snapshots and removals. */
const SMALL = {
  segmentBytes: 16_384,
  minimumSnapshotBytes: 4_096,
  keepMs: 0,
  keepBytes: 0,
};

describe("snapshots and compaction", () => {
  it("S1.9 under load, with kill -9 in the midst of it: nothing that was acknowledged is missing", async () => {
    const daemon = await daemonForTest({ config: { journal: SMALL } });
    const metadata = new Map<string, number>();
    const activities = new Map<string, string[]>();
    let peer = await daemon.peer();
    for (let index = 0; index < 4; index += 1) {
      const config = { autoSaveIntervalMs: index % 2 === 0 ? 100 : 600_000 };
      const { sessionId } = await peer.call("session/create", { sessionId: `s${index}`, config });
      activities.set(sessionId, []);
    }
    for (let round = 0; round < 2; round += 1) {
      const { snapshotSeq } = (await peer.call("daemon/status")).journal;
      const load = { isOver: false };
      const writers = [...activities].map(async ([sessionId, recorded], writer) => {
        for (let n = 0; !load.isOver; n += 1) {
          const action = `r${round}-${n}`;
          try {
            const details = "x".repeat(200);
            await Promise.all([
              peer.call("session/record", { sessionId, action, details }).then(() => recorded.push(action)),
              peer.call("metadata/set", { sessionId, key: "n", value: round * 1_000_000 + n }),
            ]);
            metadata.set(sessionId, round * 1_000_000 + n);
          } catch (error) {
            if (!(error instanceof PeerLostError)) throw error;
            return writer;
          }
        }
        return writer;
      });
      const watcher = await daemon.peer();
      await until("a snapshot under load", async () => {
        return (await watcher.call("daemon/status")).journal.snapshotSeq > snapshotSeq;
      });
      // Once while they write on, once in the moment in which the last of them has been answered.
      load.isOver = round === 1;
      await daemon.kill();
      await Promise.all(writers);
      await daemon.start();
      peer = await daemon.peer();
      for (const [sessionId, recorded] of activities) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await peer.call("session/activities", {
            sessionId,
            order: "oldest",
            limit: 1_000,
            cursor,
          });
          found.push(...page.items.map((item) => ("action" in item ? item.action : "damaged")));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        expect(new Set(found).size).toBe(found.length);
        expect(recorded.filter((action) => !found.includes(action))).toEqual([]);
        // What was not acknowledged may have been written all the same.
        recorded.splice(0, recorded.length, ...found);
        const { value } = await peer.call("metadata/get", { sessionId, key: "n" });
        expect(value).toBeGreaterThanOrEqual(metadata.get(sessionId) ?? 0);
        expect((await peer.call("session/get", { sessionId })).activities).toBe(found.length);
      }
    }
    // A segment goes with the snapshot after the one that holds it, so it may take a few more records.
    await until("the first segment to go", async () => {
      await peer.call("session/record", { sessionId: "s0", action: "after", details: "x".repeat(200) });
      return (await peer.call("daemon/status")).journal.oldestSeq > 1;
    });
    // One that is just being taken is there beside the two that are kept.
    const snapshots = join(daemon.dataDir, "snapshots");
    await until("old snapshots to go", async () => (await readdir(snapshots)).length <= 2);
  });

  it("S1.4 a segment without an end takes a torn tail, and damage stops the start with a reason", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    await peer.call("session/record", { sessionId, action: "kept" });
    await daemon.stop();
    const folder = join(daemon.dataDir, "journal");
    const segments = async (): Promise<string[]> => {
      return (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).toSorted();
    };
    const last = (await segments()).at(-1) ?? "";
    await appendFile(join(folder, last), '{"crc":"0000');
    await daemon.start();
    expect((await (await daemon.peer()).call("session/get", { sessionId })).activities).toBe(1);
    await daemon.stop();
    const first = join(folder, (await segments())[0] ?? "");
    const text = await readFile(first, "utf8");
    const damaged = text.replace("kept", "lost");
    await writeFile(first, damaged);
    const refused: unknown = await daemon.start().catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "StartRefusedError", exitCode: 1 });
    expect((refused as Error).message).toMatch(/damaged: .*journal.*offset \d+.*sessiond journal repair/);
    expect(await readFile(first, "utf8")).toBe(damaged);
    await writeFile(first, text);
    await daemon.start();
  });
});
