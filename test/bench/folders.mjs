/** Data folders with much in them, made once a run. */
import { mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runToEnd } from "./children.mjs";
import { sessiond } from "./peers/index.mjs";

const MAKER = fileURLToPath(new URL("makeFolder.mjs", import.meta.url));
const LOOK_AGAIN_MS = 50;
/** So that a start leaves the folder as it found it, and can be measured again. */
export const NO_SNAPSHOTS = ["--journal-minimum-snapshot-bytes=1000000000000"];

/** A folder whose sessions and records are in the journal alone. */
export function journalFolder(bench, sessions, records) {
  return bench.once(`journal ${sessions} ${records}`, () => make(bench, sessions, records));
}

/** A folder whose sessions are in a snapshot; the journal goes on from there with so many records. */
export function snapshotFolder(bench, sessions, records) {
  return bench.once(`snapshot ${sessions} ${records}`, async () => {
    const folder = await make(bench, sessions, 0);
    await takeSnapshot(bench, folder);
    if (records > 0) await fill(bench, folder, [0, records, sessions]);
    return folder;
  });
}

async function make(bench, sessions, records) {
  const folder = join(await bench.folder("data"), "d");
  mkdirSync(folder, { mode: 0o700 });
  await fill(bench, folder, [sessions, records, sessions]);
  return folder;
}

/** In a process of its own: what it needs in memory would be forked with every program that is measured. */
function fill(bench, folder, counts) {
  return runToEnd([process.execPath, MAKER, folder, ...counts.map(String)], bench.env);
}

/** A daemon that finds more in the journal than it is told to leave there takes a snapshot at once. */
async function takeSnapshot(bench, dataDir) {
  const flags = ["--journal-minimum-snapshot-bytes=1024"];
  await bench.withPeer(
    sessiond,
    async ({ child }) => {
      const isTaken = async () =>
        (await readdir(join(dataDir, "snapshots"))).some((name) => name.endsWith(".jsonl"));
      while (!(await isTaken())) {
        if (child.hasEnded()) throw new Error(`the daemon ended before its snapshot: ${child.said()}`);
        await pause(LOOK_AGAIN_MS);
      }
    },
    { dataDir, flags },
  );
}
