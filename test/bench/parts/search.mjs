import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { askOver } from "../askOver.mjs";
import { sessiond } from "../peers/index.mjs";
import { rssBytes } from "../processFigures.mjs";
import { createSessions, sendAll, sessionIdOf } from "../sessions.mjs";
import { median, quantile } from "../statistics.mjs";
import { Vocabulary } from "../vocabulary.mjs";

const MESSAGES = 100_000;
const SESSIONS = 100;
const CONTENT_LENGTH = 1_000;
/** From the most frequent words to those that a handful of messages have, evenly by the logarithm of their rank. */
const QUESTIONS = 41;
const PING_EVERY_MS = 2;
const MB = 1_000_000;
const FLAGS = ["--sessions-idle-timeout-ms=0"];

/** @type {import("./index.mjs").Part} */
export const search = {
  name: "search",
  title: "Full-text search",
  about:
    "`search/query` over 100,000 messages of 1 KB in 100 sessions, 20 hits a page: words from the most frequent to rare " +
    "ones, and phrases and prefixes of them. The loop is watched by a ping every 2 ms on another connection.",

  async open(bench) {
    if ((await bench.present([sessiond])).length === 0) return { cells: [] };
    const folder = await bench.folder("search");
    const dataDir = join(folder, "data");
    const vocabulary = new Vocabulary();
    const running = await sessiond.start(bench, folder, { dataDir, flags: FLAGS });
    try {
      await createSessions(running.socket, SESSIONS);
      await sendAll(running.socket, bench.size(MESSAGES), (number) => ({
        method: "message/append",
        params: {
          sessionId: sessionIdOf(number % SESSIONS),
          role: number % 2 === 0 ? "user" : "assistant",
          content: vocabulary.text(CONTENT_LENGTH),
        },
      }));
    } finally {
      await running.child.stop();
    }
    return { cells: [() => measure(bench, { folder, dataDir, vocabulary })] };
  },
};

async function measure(bench, { folder, dataDir, vocabulary }) {
  await rm(join(dataDir, "search"), { recursive: true, force: true });
  const { child, socket } = await sessiond.start(bench, folder, { dataDir, flags: FLAGS });
  const daemon = await askOver(socket);
  const watch = await askOver(socket);
  try {
    await pause(2_000 * Math.min(1, bench.options.scale));
    const before = rssBytes(child.pid);
    const build = await watched(watch, () => untilComplete(daemon));
    const after = rssBytes(child.pid);
    const ranked = await watched(watch, () => askAll(daemon, vocabulary, "rank"));
    const newest = await watched(watch, () => askAll(daemon, vocabulary, "newest"));
    const figure = (row, unit, value, goals = []) => ({ row, peer: "sessiond", unit, value, goals });
    return [
      figure("index built", "s", build.ms / 1_000),
      figure("ping meanwhile, p99", "ms", quantile(build.pings, 0.99)),
      figure("memory of the index and its thread", "MB", (after - before) / MB),
      figure("by rank, median", "ms", median(ranked.result), [{ atMost: 50 }]),
      figure("by rank, the slowest", "ms", Math.max(...ranked.result)),
      figure("newest first, median", "ms", median(newest.result), [{ atMost: 50 }]),
      figure("newest first, the slowest", "ms", Math.max(...newest.result)),
      figure("ping during the searches, p99", "ms", quantile([...ranked.pings, ...newest.pings], 0.99)),
    ];
  } finally {
    daemon.close();
    watch.close();
    await child.stop();
  }
}

async function untilComplete(daemon) {
  for (;;) {
    const { complete } = await daemon.ask("search/query", { query: "anything" });
    if (complete) return;
  }
}

/** How long each question takes, in milliseconds. */
async function askAll(daemon, vocabulary, order) {
  const times = [];
  for (let index = 0; index < QUESTIONS; index++) {
    const query = vocabulary.question(index / (QUESTIONS - 1), index);
    const startedMs = performance.now();
    await daemon.ask("search/query", { query, order });
    times.push(performance.now() - startedMs);
  }
  return times;
}

/** Does something, and pings the daemon meanwhile. */
async function watched(watch, work) {
  const pings = [];
  const state = { isOver: false };
  const watching = (async () => {
    while (!state.isOver) {
      const startedMs = performance.now();
      await watch.ask("daemon/ping", {});
      pings.push(performance.now() - startedMs);
      await pause(PING_EVERY_MS);
    }
  })();
  const startedMs = performance.now();
  try {
    const result = await work();
    return { result, ms: performance.now() - startedMs, pings };
  } finally {
    state.isOver = true;
    await watching;
  }
}
