import { setTimeout as pause } from "node:timers/promises";
import { NO_SNAPSHOTS, snapshotFolder } from "../folders.mjs";
import { pm2, redis, sessiond, supervisord, watchman } from "../peers/index.mjs";
import { rssBytes } from "../processFigures.mjs";

const SESSIONS = 100_000;
const SETTLE_MS = 2_000;
const MB = 1_000_000;
const KB = 1_000;

/** @type {import("./index.mjs").Part} */
export const memory = {
  name: "memory",
  title: "Memory",
  about:
    "Resident, two seconds after the first answer: of daemons that have nothing to do, and, over that, of 100,000 " +
    "sessions that a start found in a snapshot.",

  async open(bench) {
    const daemons = await bench.present([sessiond, redis, pm2, supervisord, watchman]);
    return {
      cells: daemons.map((peer) => () => (peer === sessiond ? ownMemory(bench) : idleMemory(bench, peer))),
    };
  },
};

async function idleMemory(bench, peer, settings) {
  const bytes = await bench.withPeer(peer, (running) => settledBytes(bench, running), settings);
  const goals = peer === sessiond ? [{ atMost: 70 }] : [];
  return [{ row: "idle daemon", peer: peer.name, unit: "MB", value: bytes / MB, goals }];
}

async function ownMemory(bench) {
  const sessions = bench.size(SESSIONS);
  const [idle] = await idleMemory(bench, sessiond);
  const dataDir = await snapshotFolder(bench, sessions, 0);
  const full = await bench.withPeer(sessiond, (running) => settledBytes(bench, running), {
    dataDir,
    flags: NO_SNAPSHOTS,
  });
  const value = (full - idle.value * MB) / sessions / KB;
  return [
    idle,
    { row: "each of 100,000 sessions", peer: "sessiond", unit: "KB", value, goals: [{ atMost: 2 }] },
  ];
}

async function settledBytes(bench, { child }) {
  await pause(SETTLE_MS * Math.min(1, bench.options.scale));
  return rssBytes(child.pid);
}
