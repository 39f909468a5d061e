import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startChild } from "../children.mjs";
import { runLoad } from "../load.mjs";
import { sessiond } from "../peers/index.mjs";
import { peakRssBytes } from "../processFigures.mjs";

const SUBSCRIBERS = 100;
const READER = fileURLToPath(new URL("../subscribers.mjs", import.meta.url));
const MB = 1_000_000;

/** @type {import("./index.mjs").Part} */
export const fanOut = {
  name: "fan-out",
  title: "Fan-out",
  about:
    "Events that each of 100 subscribers gets while one connection writes with 64 requests in flight, as fast as it is " +
    "answered: those of the slowest subscriber.",

  async open(bench) {
    const servers = await bench.present([sessiond]);
    return {
      cells: servers.map(
        (peer) => () => bench.withPeer(peer, (running) => measure(bench, running), peer.underLoad),
      ),
    };
  },
};

async function measure(bench, { child, socket }) {
  await sessiond.prepare(socket);
  const { warmUpS, seconds } = bench.options;
  const argv = [process.execPath, READER, socket, SUBSCRIBERS, warmUpS, seconds].map(String);
  const reader = startChild(argv, bench.env);
  try {
    await said(reader);
    const counted = said(reader);
    const [line, { perSecond }] = await Promise.all([
      counted,
      runLoad(bench, socket, [1, 64], sessiond.write),
    ]);
    const { slowest } = JSON.parse(line);
    const figure = { peer: "sessiond", goals: [] };
    return [
      { ...figure, row: "100 subscribers", unit: "/s", value: slowest, goals: [{ atLeast: 10_000 }] },
      { ...figure, row: "writes meanwhile", unit: "/s", value: perSecond },
      { ...figure, row: "the daemon's peak", unit: "MB", value: peakRssBytes(child.pid) / MB },
    ];
  } finally {
    await reader.stop();
  }
}

/** The next line of the reader. @throws where it ends without one */
async function said(reader) {
  const ended = once(reader.stdout, "end").then(() => {
    throw new Error(`the subscribers gave up: ${reader.said()}`);
  });
  const [chunk] = await Promise.race([once(reader.stdout, "data"), ended]);
  return String(chunk);
}
