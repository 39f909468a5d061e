import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, type onTestFinished } from "vitest";

import { readBackup } from "../../src/daemon.js";
import { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { CAMPAIGN } from "./campaign.js";
import { type Deed, killAtEach, type Scene, startOn, strikes } from "./killAtEach.js";
import { KillingDisk } from "./killingDisk.js";
import { keepSession, type KeptSession, readKept } from "./keptSession.js";

const CONFIG = { sessions: { idleTimeoutMs: 0, autoSaveIntervalMs: 100 } };
/** Some 80 calls of the disk, each in some seconds, both ways. */
const TIMEOUT_MS = 60_000 + Math.ceil(4_800_000 / CAMPAIGN.killEvery);

type WhenFinished = typeof onTestFinished;
interface Stage extends Scene {
  readonly peer: Peer;
  readonly kept: KeptSession;
}
/** Makes a deed of what is there at the start. */
type Begin = (stage: Stage) => Promise<Deed>;

async function open(whenFinished: WhenFinished): Promise<Stage> {
  const disk = await KillingDisk.build();
  whenFinished(() => disk.remove());
  const daemon = await TestDaemon.prepare({ config: CONFIG });
  whenFinished(async () => {
    await disk.disarm();
    await daemon.close();
  });
  const peer = await startOn({ daemon, disk });
  return { daemon, disk, peer, kept: await keepSession(peer, "s") };
}

/** A session is put somewhere, or comes back from there; what can be read of it stays the same. */
function shelving(act: "archive" | "unarchive" | "trash" | "untrash"): Begin {
  const isBack = act.startsWith("un");
  const opposite = isBack ? act.slice(2) : `un${act}`;
  return async ({ peer, kept }) => {
    const { sessionId } = kept;
    const before = await readKept(peer, kept);
    return {
      prepare: async (now) => void (await now.ask({ method: `session/${opposite}`, params: { sessionId } })),
      act: (now) => now.call(`session/${act}`, { sessionId }),
      look: async (now) => {
        expect(await readKept(now, kept)).toEqual(before);
        const { archivedAt, deletedAt, status } = await now.call("session/get", { sessionId });
        expect(status).toBe("completed");
        const isThere = (act.endsWith("archive") ? archivedAt : deletedAt) !== undefined;
        return isThere !== isBack;
      },
    };
  };
}

/** A session is deleted, in use or out of the archive; what was read of it before goes too. */
const deletion =
  (isArchived: boolean): Begin =>
  async ({ peer, kept }) => {
    let [last, lastKept] = [0, kept];
    let before = await readKept(peer, kept);
    const isThere = async (now: Peer): Promise<boolean> => {
      const { error } = await now.ask({ method: "session/get", params: { sessionId: lastKept.sessionId } });
      return error === undefined;
    };
    return {
      prepare: async (now) => {
        if (!(await isThere(now))) {
          last += 1;
          lastKept = await keepSession(now, `s${last}`);
          if (isArchived) await now.call("session/archive", { sessionId: lastKept.sessionId });
        }
        before = await readKept(now, lastKept);
      },
      act: (now) => now.call("session/delete", { sessionId: lastKept.sessionId }),
      look: async (now) => {
        if (!(await isThere(now))) return true;
        expect(await readKept(now, lastKept)).toEqual(before);
        return false;
      },
    };
  };

/** A session is brought back to a checkpoint, before its last message. */
const restoring: Begin = async ({ peer, kept }) => {
  const { sessionId } = kept;
  const { messages: all, ...rest } = await readKept(peer, kept);
  const messagesAt = async (now: Peer): Promise<number> =>
    (await now.call("session/get", { sessionId })).messages;
  return {
    prepare: async (now) => {
      const { items } = await now.call("checkpoint/list", { sessionId, limit: 100 });
      const [undo, ...others] = items.filter(({ automatic }) => automatic);
      if (undo !== undefined && (await messagesAt(now)) < all.length)
        await now.call("checkpoint/restore", { sessionId, checkpointId: undo.checkpointId });
      for (const { checkpointId } of [...(undo === undefined ? [] : [undo]), ...others])
        await now.call("checkpoint/delete", { sessionId, checkpointId });
      expect(await messagesAt(now)).toBe(all.length);
    },
    act: (now) => now.call("checkpoint/restore", { sessionId }),
    look: async (now) => {
      const isDone = (await messagesAt(now)) < all.length;
      const { messages, ...others } = await readKept(now, kept);
      expect([messages, others]).toEqual([isDone ? all.slice(0, -1) : all, rest]);
      return isDone;
    },
  };
};

/** A backup is a whole one or none, and the state that it is made of stays as it is. */
const backingUp: Begin = async ({ daemon, peer, kept }) => {
  const before = await readKept(peer, kept);
  const path = join(daemon.folder, "backup");
  return {
    prepare: () => rm(path, { recursive: true, force: true }),
    act: (now) => now.call("daemon/backup", { path }),
    look: async (now) => {
      expect(await readKept(now, kept)).toEqual(before);
      const backup = await readBackup(path).catch((error: unknown) => error);
      if (backup instanceof Error) {
        expect(backup).toMatchObject({ type: "backup_incomplete" });
        return false;
      }
      return true;
    },
  };
};

const DEEDS: readonly (readonly [name: string, begin: Begin])[] = [
  ["S0.10 an archiving", shelving("archive")],
  ["S0.10 a return from the archive", shelving("unarchive")],
  ["B.7 a way into the trash", shelving("trash")],
  ["B.7 a way out of the trash", shelving("untrash")],
  ["B.7 a deletion", deletion(false)],
  ["B.7 a deletion out of the archive", deletion(true)],
  ["S0.3 a return to a checkpoint", restoring],
  ["B.9 a backup", backingUp],
];

describeIf(hasProgram("cc"), "cc, a C compiler with its headers", "kill -9 at calls of the disk", () => {
  it.concurrent.for(DEEDS.map(([name, begin], index) => ({ name, begin, index })))(
    "$name is done or not, and never half",
    { timeout: TIMEOUT_MS },
    async ({ name, begin, index }, { onTestFinished: whenFinished }) => {
      const stage = await open(whenFinished);
      const deed = await begin(stage);
      for (const some of strikes(index)) {
        const kills = await killAtEach(stage, deed, some);
        process.stdout.write(`${name}: ${kills} kills, ${some.mode} each ${some.step}th call\n`);
      }
    },
  );
});
