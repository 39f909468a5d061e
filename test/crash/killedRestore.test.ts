import { execFile } from "node:child_process";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

import { ownProgram } from "../../client/ownPackage.js";
import { verifyJournal } from "../../src/journal/verify.js";
import { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { CAMPAIGN } from "./campaign.js";
import { strikes, whenTidy } from "./killAtEach.js";
import { KillingDisk } from "./killingDisk.js";
import { keepSession, type KeptSession, readKept } from "./keptSession.js";

const CONFIG = { sessions: { idleTimeoutMs: 0, autoSaveIntervalMs: 100 } };
const TIMEOUT_MS = 60_000 + Math.ceil(3_600_000 / CAMPAIGN.killEvery);
/** A session that came after the backup. */
const LATER = "later";

/** `sessiond restore --replace`; answers how it ended. */
function restore(daemon: TestDaemon, disk: KillingDisk, path: string): Promise<"done" | "killed"> {
  const env = { PATH: process.env["PATH"], HOME: daemon.folder, SESSIOND_DATA_DIR: daemon.dataDir };
  const options = { env: { ...env, ...disk.env(daemon.folder) } };
  const args = [ownProgram(), "restore", path, "--replace"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, options, (error) => {
      if (error === null) resolve("done");
      else if (error.signal === "SIGKILL") resolve("killed");
      else reject(error);
    });
  });
}

/** The folders in which former states are kept. */
async function keptAside({ folder }: TestDaemon): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.includes("before-restore"));
}

/** Whether the restored state is there, and not the former one; each as it was. */
async function isRestored(peer: Peer, kept: KeptSession, before: object): Promise<boolean> {
  expect(await readKept(peer, kept)).toEqual(before);
  const { total } = await peer.call("session/list", { query: LATER });
  return total === 0;
}

/** A former state is kept where another one has taken its place, and then as it was. */
async function expectAside(daemon: TestDaemon, isDone: boolean, where: string): Promise<void> {
  const aside = await keptAside(daemon);
  expect(aside.length, `${where}: ${aside.join(", ")}`).toBe(isDone ? 1 : 0);
  for (const name of aside) {
    const folder = join(daemon.folder, name);
    const folders = { journalDir: join(folder, "journal"), snapshotDir: join(folder, "snapshots") };
    expect(await verifyJournal(folders)).toMatchObject({ verdict: "sound" });
    await rm(folder, { recursive: true });
  }
}

describeIf(hasProgram("cc"), "cc, a C compiler with its headers", "kill -9 at calls of the disk", () => {
  it(
    "B.9 leaves a restore done or not, and never half; the former state is kept",
    async () => {
      const disk = await KillingDisk.build();
      const daemon = await TestDaemon.prepare({ config: CONFIG });
      onTestFinished(async () => {
        await daemon.close();
        await disk.remove();
      });
      await daemon.start();
      const peer = await daemon.peer();
      const kept = await keepSession(peer, "s");
      const before = await readKept(peer, kept);
      const path = join(daemon.folder, "backup");
      await peer.call("daemon/backup", { path });
      // Without a log: those are no part of a backup, so they stay where they are.
      const config = { logging: { enabled: false } };
      await peer.call("session/create", { sessionId: LATER, name: LATER, config });
      await daemon.stop();
      const former = join(daemon.folder, "former");
      await cp(daemon.dataDir, former, { recursive: true });
      for (const { first, step, mode } of strikes(100)) {
        let told: string;
        let nth = first;
        do {
          await rm(daemon.dataDir, { recursive: true });
          await cp(former, daemon.dataDir, { recursive: true });
          await disk.arm(nth, mode);
          told = await restore(daemon, disk, path);
          await disk.disarm();
          const where = `killed ${mode} call ${nth}`;
          await daemon.start();
          const now = await daemon.peer();
          const isDone = await isRestored(now, kept, before);
          if (told === "done") expect(isDone, where).toBe(true);
          await whenTidy(daemon, now, where);
          expect(await isRestored(now, kept, before), where).toBe(isDone);
          await daemon.kill();
          await expectAside(daemon, isDone, where);
          nth += step;
        } while (told === "killed");
        process.stdout.write(`B.9 a restore: up to call ${nth - step}, ${mode} each ${step}th\n`);
      }
    },
    TIMEOUT_MS,
  );
});
