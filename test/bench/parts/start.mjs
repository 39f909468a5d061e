import { pm2, redis, sessiond, supervisord, watchman } from "../peers/index.mjs";

/** @type {import("./index.mjs").Part} */
export const start = {
  name: "start",
  title: "Start",
  about:
    "From the start of the process on an empty folder to its first answer; pm2 starts its daemon by `pm2 ping`, so its " +
    "command line is in there.",
  repeat: 3,

  async open(bench) {
    const daemons = await bench.present([sessiond, redis, pm2, supervisord, watchman]);
    return { cells: daemons.map((peer) => () => measure(bench, peer)) };
  },
};

function measure(bench, peer) {
  const startedMs = performance.now();
  return bench.withPeer(peer, () => {
    const goals = peer === sessiond ? [{ atMost: 250 }] : [];
    const value = performance.now() - startedMs;
    return [{ row: "empty folder", peer: peer.name, unit: "ms", value, goals }];
  });
}
