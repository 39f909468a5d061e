import { setTimeout as pause } from "node:timers/promises";
import { sessiond } from "../peers/index.mjs";
import { cpuPercent } from "../processFigures.mjs";
import { createSessions, sendAll, sessionIdOf } from "../sessions.mjs";

const SESSIONS = 200;
/** Four children and the shell that waits for them. */
const COMMAND = ["sh", "-c", "for each in 1 2 3 4; do sleep 3600 & done; wait"];
/** The files of new sessions are written after five seconds, and the first looks are dearer than the others. */
const SETTLE_MS = 15_000;
/** A round comes every five seconds: 30 s of a measurement of 3 are six of them. */
const LONGER = 10;
const LOOK_AGAIN_MS = 50;

/** @type {import("./index.mjs").Part} */
export const sampling = {
  name: "sampling",
  title: "Measuring processes",
  about:
    "Processor time of a daemon with 200 sessions, in each of which a command with five processes runs: as it is, with " +
    "`metrics.enabled` off, and the difference, which is what measuring 1,000 processes every five seconds costs.",

  async open(bench) {
    const daemons = await bench.present([sessiond]);
    return { cells: daemons.map(() => () => measure(bench)) };
  },
};

async function measure(bench) {
  const off = await running(bench, "--metrics-enabled=false");
  const on = await running(bench, "--metrics-enabled=true");
  const figure = (row, value, goals) => ({ row, peer: "sessiond", unit: "% of a core", value, goals });
  return [
    figure("1,000 processes, not measured", off),
    figure("1,000 processes, measured", on),
    figure("what measuring costs", Math.max(0, on - off), [{ atMost: 2 }]),
  ];
}

function running(bench, flag) {
  return bench.withPeer(
    sessiond,
    async ({ child, socket }) => {
      const sessions = bench.size(SESSIONS);
      await createSessions(socket, sessions, () => ({ workingDirectory: bench.root }));
      await sendAll(socket, sessions, (number) => ({
        method: "command/start",
        params: { sessionId: sessionIdOf(number), argv: COMMAND, env: bench.env },
      }));
      try {
        await pause(SETTLE_MS * Math.min(1, bench.options.scale));
        return await cpuPercent(child.pid, bench.options.seconds * LONGER);
      } finally {
        // They would outlive the daemon.
        await sendAll(socket, 1, () => ({ method: "daemon/shutdown", params: { commands: "stop" } }));
        while (!child.hasEnded()) await pause(LOOK_AGAIN_MS);
      }
    },
    { flags: [flag] },
  );
}
