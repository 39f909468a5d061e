import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runToEnd } from "../children.mjs";
import { journalFolder, NO_SNAPSHOTS, snapshotFolder } from "../folders.mjs";
import { parse, redis, sessiond } from "../peers/index.mjs";
import { peakRssBytes, rssBytes } from "../processFigures.mjs";

const RECORDS = 1_000_000;
/** What those records are about. */
const SESSIONS = 1_000;
const MANY_SESSIONS = 100_000;
const RECORDS_SINCE = 100_000;
/** After a start, until its memory is what it will be. */
const SETTLE_MS = 2_000;
const PARSER = fileURLToPath(new URL("../parseJournal.mjs", import.meta.url));

const MB = 1_000_000;
const REPLAY = "1,000,000 records";
const SNAPSHOT = "snapshot of 100,000 sessions, and 100,000 records";

/** @type {import("./index.mjs").Part} */
export const recovery = {
  name: "recovery",
  title: "Recovery",
  about:
    "From the start of the process to its first answer. The records are keyed `metadata/set` of some 330 bytes for 1,000 " +
    "sessions; parse is a program that only reads the same files in chunks, checks every line and runs `JSON.parse`; " +
    "Redis loads as many `HSET` from its append-only file. Memory is " +
    "what the daemon holds two seconds later, garbage that V8 has not given back included; peak the most that it held " +
    "until its first answer, as a multiple of that.",

  async open(bench) {
    const cells = {
      sessiond: [() => replay(bench), () => fromSnapshot(bench)],
      parse: [() => parseOnly(bench)],
      redis: [() => redisReload(bench)],
    };
    const present = await bench.present([sessiond, parse, redis]);
    return { cells: present.flatMap(({ name }) => cells[name]) };
  },
};

function recordsFolder(bench) {
  return journalFolder(bench, bench.size(SESSIONS), bench.size(RECORDS));
}

async function replay(bench) {
  const dataDir = await recordsFolder(bench);
  return startOn(bench, dataDir, REPLAY, { against: "parse", atMost: 1.5 });
}

async function fromSnapshot(bench) {
  const dataDir = await snapshotFolder(bench, bench.size(MANY_SESSIONS), bench.size(RECORDS_SINCE));
  return startOn(bench, dataDir, SNAPSHOT, { atMost: 2 });
}

async function startOn(bench, dataDir, row, goal) {
  const startedMs = performance.now();
  return bench.withPeer(
    sessiond,
    async ({ child }) => {
      const seconds = secondsSince(startedMs);
      const peakBytes = peakRssBytes(child.pid);
      await pause(SETTLE_MS * Math.min(1, bench.options.scale));
      const heldBytes = rssBytes(child.pid);
      return [
        figure(row, "sessiond", "s", seconds, [goal]),
        figure(`${row}: memory`, "sessiond", "MB", heldBytes / MB),
        figure(`${row}: peak`, "sessiond", "×", peakBytes / heldBytes, [{ atMost: 1.3 }]),
      ];
    },
    { dataDir, flags: NO_SNAPSHOTS },
  );
}

async function parseOnly(bench) {
  const dataDir = await recordsFolder(bench);
  const startedMs = performance.now();
  await runToEnd([process.execPath, PARSER, join(dataDir, "journal")], bench.env);
  return [figure(REPLAY, "parse", "s", secondsSince(startedMs))];
}

async function redisReload(bench) {
  const folder = await bench.once("redis log", async () => {
    const folder = await bench.folder("redis");
    const { child, socket } = await redis.start(bench, folder);
    try {
      await redis.fill(socket, bench.size(RECORDS));
    } finally {
      await child.stop();
    }
    return folder;
  });
  const startedMs = performance.now();
  const { child } = await redis.start(bench, folder);
  const seconds = secondsSince(startedMs);
  await child.stop();
  return [figure(REPLAY, "redis", "s", seconds)];
}

function figure(row, peer, unit, value, goals = []) {
  return { row, peer, unit, value, goals };
}

function secondsSince(startedMs) {
  return (performance.now() - startedMs) / 1_000;
}
