import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { askOver } from "../askOver.mjs";
import { sessiond } from "../peers/index.mjs";
import { rssBytes } from "../processFigures.mjs";
import { createSessions, sendAll, sessionIdOf } from "../sessions.mjs";
import { median } from "../statistics.mjs";
import { Vocabulary } from "../vocabulary.mjs";

const MESSAGES = 100_000;
const SESSIONS = 100;
const CONTENT_LENGTH = 1_000;
/** From the most frequent words to those that a handful of messages have, evenly by the logarithm of their rank. */
const QUESTIONS = 41;
const MB = 1_000_000;
const FLAGS = ["--sessions-idle-timeout-ms=0"];

/** @type {import("./index.mjs").Part} */
export const search = {
  name: "search",
  title: "Full-text search",
  about:
    "`search/query` over 100,000 messages of 1 KB in 100 sessions, 20 hits a page: words from the most frequent to rare " +
    "ones, and phrases and prefixes of them. How late the loop is meanwhile is what the daemon itself says " +
    "(`daemon/status`): the worst ten seconds since its start.",

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
  const late = async () => (await daemon.ask("daemon/status", {})).loop;
  try {
    await pause(2_000 * Math.min(1, bench.options.scale));
    const before = rssBytes(child.pid);
    const atFirst = await late();
    const startedMs = performance.now();
    await untilComplete(daemon);
    const builtMs = performance.now() - startedMs;
    const built = await late();
    const after = rssBytes(child.pid);
    const ranked = await askAll(daemon, vocabulary, "rank");
    const newest = await askAll(daemon, vocabulary, "newest");
    const prefixes = await askPrefixes(daemon, vocabulary);
    const searched = await late();
    const figure = (row, unit, value, goals = []) => ({ row, peer: "sessiond", unit, value, goals });
    return [
      figure("index built", "s", builtMs / 1_000),
      figure("loop late before it, at most", "ms", atFirst.maxMs),
      figure("loop late meanwhile, p99", "ms", built.p99Ms),
      figure("loop late meanwhile, at most", "ms", built.maxMs, [{ atMost: 20 }]),
      figure("memory of the index and its thread", "MB", (after - before) / MB),
      figure("by rank, median", "ms", median(ranked), [{ atMost: 50 }]),
      figure("by rank, the slowest", "ms", Math.max(...ranked)),
      figure("newest first, median", "ms", median(newest), [{ atMost: 50 }]),
      figure("newest first, the slowest", "ms", Math.max(...newest)),
      figure("prefixes of two letters, by rank, the slowest", "ms", Math.max(...prefixes)),
      figure("loop late with the searches, at most", "ms", searched.maxMs, [{ atMost: 20 }]),
    ];
  } finally {
    daemon.close();
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

/** The prefixes that most words of a text begin with: each matches some thousand words, and nearly every message. */
async function askPrefixes(daemon, vocabulary) {
  const times = [];
  for (const query of vocabulary.prefixes(2).map((prefix) => `${prefix}*`)) {
    const startedMs = performance.now();
    await daemon.ask("search/query", { query, order: "rank" });
    times.push(performance.now() - startedMs);
  }
  return times;
}
