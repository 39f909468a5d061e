import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { contentsOf, messagesOf, Talk } from "../support/conversation.js";
import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { CAMPAIGN } from "./campaign.js";
import { Random } from "./random.js";

const CYCLES = Math.ceil(CAMPAIGN.cycles / 2);
/** From the first sign of a snapshot to SIGKILL, at most: it takes about as long. */
const LATEST_MS = 8;
const CONFIG = { journal: { segmentBytes: 65_536, keepBytes: 262_144 } };

async function snapshotsOf({ dataDir }: TestDaemon): Promise<string[]> {
  return (await readdir(join(dataDir, "snapshots"))).sort();
}

function isWhole(name: string): boolean {
  return /^\d{16}\.jsonl$/.test(name);
}

/** Kills the daemon some time after its stop has begun to write a snapshot; answers the names that are there then. */
async function killInStop(daemon: TestDaemon, afterMs: number): Promise<string[]> {
  const before = new Set(await snapshotsOf(daemon));
  const stop = { isOver: false };
  void daemon.stop().finally(() => (stop.isOver = true));
  const isNew = (name: string): boolean => !before.has(name);
  while (!stop.isOver && !(await snapshotsOf(daemon)).some(isNew)) await turn();
  if (afterMs > 0) await pause(afterMs);
  await daemon.kill();
  return (await snapshotsOf(daemon)).filter(isNew);
}

describe("kill -9 in the middle of a stop, which takes a snapshot", () => {
  it(
    "loses nothing, whether the snapshot has its name by then or not",
    async () => {
      const random = new Random(CAMPAIGN.seed);
      const daemon = await daemonForTest({ config: CONFIG });
      const talk = await Talk.open(await daemon.peer());
      const ends = { named: 0, unnamed: 0 };
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        await talk.say(await daemon.peer(), 300, 1_000);
        const afterMs = cycle % 2 === 0 ? 0 : random.between(1, LATEST_MS);
        const names = await killInStop(daemon, afterMs);
        if (names.length > 0) ends[names.some(isWhole) ? "named" : "unnamed"] += 1;
        await daemon.start();
        // What never got its name is gone.
        expect((await snapshotsOf(daemon)).filter((name) => !isWhole(name))).toEqual([]);
        const found = contentsOf(await messagesOf(await daemon.peer(), talk.session.sessionId));
        expect(found, `seed ${CAMPAIGN.seed}, cycle ${cycle}, killed after ${afterMs} ms`).toEqual(talk.said);
      }
      // Where nothing was hit, nothing was tested.
      expect(ends.named + ends.unnamed, JSON.stringify(ends)).toBeGreaterThan(CYCLES / 2);
    },
    20_000 + CYCLES * 4_000,
  );
});
