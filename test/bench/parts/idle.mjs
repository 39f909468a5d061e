import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { pm2, redis, sessiond, supervisord, watchman } from "../peers/index.mjs";
import { cpuPercent, untilQuiet } from "../processFigures.mjs";
import { createSessions, sessionIdOf } from "../sessions.mjs";

const SESSIONS = 10_000;
const BEAT_EVERY_MS = 30_000;
/** Each of them beats for a hundredth of the sessions. */
const CONNECTIONS = 100;
const SETTLE_MS = 2_000;
/** The files of new sessions are written after five seconds. */
const QUIET_S = 8;
/** Processor time is counted in hundredths of a second, so a per cent takes some seconds to see. */
const LONGER = 4;

/** @type {import("./index.mjs").Part} */
export const idle = {
  name: "idle",
  title: "Idleness",
  about:
    "Processor time of daemons that have nothing to do, and of one that holds 10,000 sessions which beat every 30 s, " +
    "one request a beat over 100 connections.",

  async open(bench) {
    const daemons = await bench.present([sessiond, redis, pm2, supervisord, watchman]);
    const cells = daemons.map(
      (peer) => () => bench.withPeer(peer, (running) => nothingToDo(bench, peer, running)),
    );
    if (daemons.includes(sessiond))
      cells.push(() => bench.withPeer(sessiond, (running) => beating(bench, running)));
    return { cells };
  },
};

async function nothingToDo(bench, peer, { child }) {
  await pause(SETTLE_MS * Math.min(1, bench.options.scale));
  const value = await cpuPercent(child.pid, bench.options.seconds * LONGER);
  return [{ row: "nothing to do", peer: peer.name, unit: "% of a core", value }];
}

async function beating(bench, { child, socket }) {
  const sessions = bench.size(SESSIONS);
  const config = { heartbeatTimeoutMs: 3 * BEAT_EVERY_MS, logging: { enabled: false } };
  await createSessions(socket, sessions, () => ({ config }));
  if (bench.options.scale >= 1) await untilQuiet(child.pid, QUIET_S);
  const stop = beat(socket, sessions);
  const value = await cpuPercent(child.pid, bench.options.seconds * LONGER);
  stop();
  return [
    {
      row: "10,000 sessions that beat",
      peer: "sessiond",
      unit: "% of a core",
      value,
      goals: [{ atMost: 1 }],
    },
  ];
}

/** Beats for every session in its turn until the answered function is called. */
function beat(socket, sessions) {
  const connections = Array.from({ length: CONNECTIONS }, () => connect(socket).resume());
  for (const connection of connections) connection.on("error", () => undefined);
  const startedMs = performance.now();
  const ending = new AbortController();
  let beats = 0;
  const run = async () => {
    for (;;) {
      await pause(1, undefined, { signal: ending.signal });
      const due = ((performance.now() - startedMs) / BEAT_EVERY_MS) * sessions;
      for (; beats < due; beats++) {
        const sessionId = sessionIdOf(beats % sessions);
        const request = { jsonrpc: "2.0", id: beats, method: "session/heartbeat", params: { sessionId } };
        connections[beats % CONNECTIONS].write(`${JSON.stringify(request)}\n`);
      }
    }
  };
  run().catch(() => undefined);
  return () => {
    ending.abort();
    for (const connection of connections) connection.destroy();
  };
}
