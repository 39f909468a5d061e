import { rm } from "node:fs/promises";
import { runToEnd } from "../children.mjs";
import { node, pm2, redis, sessiond, supervisord, watchman } from "../peers/index.mjs";

/** @type {import("./index.mjs").Part} */
export const cli = {
  name: "cli",
  title: "Command line",
  about:
    "One run of a program that asks a daemon: `sessiond ping`, `redis-cli ping`, `pm2 ping`, `supervisorctl status`, " +
    "`watchman version`; `node -e 0` is Node that does nothing.",
  // A run takes some 50 ms, and the machine is not quiet for so long: many of them, in turn.
  repeat: 10,

  async open(bench) {
    const daemons = await bench.present([sessiond, redis, pm2, supervisord, watchman]);
    const opened = [];
    const close = async () => {
      for (const { folder, child } of opened) {
        await child.stop();
        await rm(folder, { recursive: true, force: true });
      }
    };
    const cells = [];
    try {
      for (const peer of daemons) {
        const folder = await bench.folder(peer.name);
        const running = await peer.start(bench, folder);
        opened.push({ folder, child: running.child });
        const row =
          peer === sessiond ? { row: "ping", goals: [{ against: "node", atMost: 1.35 }] } : { row: "ping" };
        cells.push(() => timeOf(bench, { ...row, peer: peer.name }, peer.cli(running)));
        if (peer !== sessiond) continue;
        const listing = { row: "ls", peer: peer.name, goals: [{ against: "node", atMost: 1.7 }] };
        cells.push(() => timeOf(bench, listing, peer.cli(running, "ls")));
      }
    } catch (error) {
      await close();
      throw error;
    }
    if ((await bench.present([node])).length > 0) cells.push(() => bareNode(bench));
    return { cells, close };
  },
};

async function timeOf(bench, fields, { argv, env = bench.env }) {
  const startedMs = performance.now();
  await runToEnd(argv, env);
  return [{ unit: "ms", ...fields, value: performance.now() - startedMs }];
}

/** The same run is the yardstick of both rows. */
async function bareNode(bench) {
  const [figure] = await timeOf(
    bench,
    { row: "ping", peer: "node" },
    { argv: [process.execPath, "-e", "0"] },
  );
  return [figure, { ...figure, row: "ls" }];
}
