import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { askOver } from "../askOver.mjs";
import { sessiond } from "../peers/index.mjs";
import { rssBytes } from "../processFigures.mjs";
import { createSessions, sendAll, sessionIdOf } from "../sessions.mjs";
import { median } from "../statistics.mjs";

const MESSAGES = 1_000_000;
const CONTENT = "x".repeat(1_000);
/** How often a page is asked for. */
const QUESTIONS = 100;
/** Each with and without the conversation, in turn. */
const STARTS = 5;
const SETTLE_MS = 5_000;
const LOOK_AGAIN_MS = 20;
const MB = 1_000_000;
const FLAGS = ["--sessions-idle-timeout-ms=0"];
const SNAPSHOT_SOON = [
  "--journal-minimum-snapshot-bytes=1024",
  "--journal-keep-bytes=0",
  "--journal-keep-ms=0",
];

const SESSION = sessionIdOf(0);
const NEWEST = { sessionId: SESSION, order: "newest" };
const OLDEST = { sessionId: SESSION, order: "oldest" };

/** @type {import("./index.mjs").Part} */
export const conversation = {
  name: "conversation",
  title: "A long conversation",
  about:
    "`message/append` of 1,000,000 messages of 1 KB to one session, 100 in flight. Memory is read five seconds after the " +
    "work: of a daemon that has appended a part of them, and all of them; and after a start, of one that found no " +
    "conversation, and of one that found this one. A page is `message/list` of 100 messages, 100 times. A start goes " +
    "by a snapshot; right after the talk by that of the stop, with 256 MiB of journal that are checked behind it.",

  async open(bench) {
    if ((await bench.present([sessiond])).length === 0) return { cells: [] };
    const folder = await bench.folder("talk");
    return {
      cells: [() => append(bench, folder), () => startAgain(bench, folder), () => crash(bench, folder)],
    };
  },
};

/** Says all of it to one daemon, and leaves the folder to the other cells. */
async function append(bench, folder) {
  const count = bench.size(MESSAGES);
  const { child, socket } = await open(bench, folder);
  try {
    await createSessions(socket, 1);
    const figures = [];
    let said = 0;
    for (const [part, words] of [
      [0.1, "a tenth"],
      [0.5, "half"],
      [1, "all"],
    ]) {
      const some = Math.ceil(count * part) - said;
      said += some;
      figures.push(figure(`appended, up to ${words}`, "/s", await say(socket, some)));
      figures.push(figure(`memory after ${words}`, "MB", (await settledBytes(bench, child)) / MB));
    }
    return [
      ...figures,
      ...(await pageFigures(socket, "newest 100", NEWEST, [{ atMost: 10 }])),
      ...(await pageFigures(socket, "oldest 100", OLDEST)),
    ];
  } finally {
    await stop(child);
  }
}

/** Starts right after the talk; then from a snapshot, beside a daemon whose one session nobody spoke in. */
async function startAgain(bench, folder) {
  const silent = await bench.once("a session without talk", async () => {
    const other = await bench.folder("silent");
    const { child, socket } = await open(bench, other);
    await createSessions(socket, 1);
    await stop(child);
    return other;
  });
  const replayed = await startOn(bench, folder);
  // The journal goes as far as two snapshots cover it: what it keeps for subscribers is checked behind every start.
  for (let taken = 0; taken < 2; taken++) await startOn(bench, folder, takeSnapshot, SNAPSHOT_SOON);
  const figures = [
    figure("start right after the talk", "ms", replayed.startMs),
    figure("memory after it", "MB", replayed.bytes / MB),
  ];
  const turns = { "without a conversation": [], "with this one": [] };
  // In turn, so that what disturbs the machine for a while disturbs both.
  for (let turn = 0; turn < STARTS; turn++) {
    turns["without a conversation"].push(await startOn(bench, silent));
    turns["with this one"].push(await startOn(bench, folder));
  }
  for (const [row, starts] of Object.entries(turns)) {
    const bytes = median(starts.map((one) => one.bytes));
    figures.push(figure(`start ${row}`, "ms", median(starts.map(({ startMs }) => startMs))));
    figures.push(figure(`memory of a start ${row}`, "MB", bytes / MB));
  }
  return figures;
}

/**
 * @param {(socket: string) => Promise<void>} [use] done with the daemon before it is stopped
 * @param {readonly string[]} [more] flags
 */
async function startOn(bench, folder, use = async () => undefined, more = []) {
  const startedMs = performance.now();
  const { child, socket } = await open(bench, folder, more);
  try {
    const startMs = performance.now() - startedMs;
    const bytes = await settledBytes(bench, child);
    await use(socket);
    return { startMs, bytes };
  } finally {
    await stop(child);
  }
}

/** Says a little, so that a snapshot is due, and waits for one that holds it. */
async function takeSnapshot(socket) {
  await say(socket, 50);
  const daemon = await askOver(socket);
  try {
    for (;;) {
      const { seq, snapshotSeq } = (await daemon.ask("daemon/status", {})).journal;
      if (seq === snapshotSeq) return;
      await pause(LOOK_AGAIN_MS);
    }
  } finally {
    daemon.close();
  }
}

/** `kill -9` in the middle of the talk: what is behind the last snapshot is replayed, and is saved already in part. */
async function crash(bench, folder) {
  const before = await open(bench, folder);
  const { total } = await askOnce(before.socket);
  const more = bench.size(MESSAGES / 50);
  try {
    await say(before.socket, more);
  } finally {
    await before.child.stop();
  }
  const startedMs = performance.now();
  const { child, socket } = await open(bench, folder);
  try {
    const startMs = performance.now() - startedMs;
    const after = await askOnce(socket);
    const [newest] = after.items;
    if (after.total !== total + more || newest.index !== total + more)
      throw new Error("messages are missing");
    return [figure("start after kill -9", "ms", startMs)];
  } finally {
    await stop(child);
  }
}

function open(bench, folder, more = []) {
  return sessiond.start(bench, folder, { dataDir: join(folder, "data"), flags: [...FLAGS, ...more] });
}

/** SIGTERM, as users stop it; SIGKILL where that is not heard. */
async function stop(child) {
  process.kill(child.pid, "SIGTERM");
  for (let looks = 0; looks < 1_000 && !child.hasEnded(); looks++) await pause(LOOK_AGAIN_MS);
  await child.stop();
}

/** Answers how many messages a second were appended. */
async function say(socket, count) {
  const startedMs = performance.now();
  await sendAll(socket, count, (number) => ({
    method: "message/append",
    params: { sessionId: SESSION, role: number % 2 === 0 ? "user" : "assistant", content: CONTENT },
  }));
  return (count / (performance.now() - startedMs)) * 1_000;
}

async function askOnce(socket) {
  const daemon = await askOver(socket);
  try {
    return await daemon.ask("message/list", { ...NEWEST, limit: 1 });
  } finally {
    daemon.close();
  }
}

async function pageFigures(socket, row, params, goals = []) {
  const daemon = await askOver(socket);
  const times = [];
  try {
    for (let asked = 0; asked < QUESTIONS; asked++) {
      const startedMs = performance.now();
      await daemon.ask("message/list", params);
      times.push(performance.now() - startedMs);
    }
  } finally {
    daemon.close();
  }
  return [
    figure(`${row}, median`, "ms", median(times), goals),
    figure(`${row}, the slowest`, "ms", Math.max(...times)),
  ];
}

async function settledBytes(bench, { pid }) {
  await pause(SETTLE_MS * Math.min(1, bench.options.scale));
  return rssBytes(pid);
}

function figure(row, unit, value, goals = []) {
  return { row, peer: "sessiond", unit, value, goals };
}
