import { execFile } from "node:child_process";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { call } from "../ask.mjs";
import { runToEnd } from "../children.mjs";
import { node, pm2, sessiond } from "../peers/index.mjs";

const STARTER = fileURLToPath(new URL("../servers/starter.mjs", import.meta.url));
const KEEPER = fileURLToPath(new URL("../../../dist/keeper/sessiond-keeper", import.meta.url));
const STARTS = 40;
const BALLASTS = { "a small heap": 0, "500 MB more": 500 };
const TREES = 48;
/** Deaf, in sessions of their own, with a cleared environment. */
const NASTY =
  "(trap '' TERM; setsid env -i /bin/sleep 1000 & sleep 1000) & setsid sleep 1000 & echo up; wait";
const NOW = ["date", "+%s%N"];
const LOOK_AGAIN_MS = 20;

/** @type {import("./index.mjs").Part} */
export const commands = {
  name: "commands",
  title: "Commands",
  about:
    "Starting a command: how long the event loop stands still, by a keeper and (node) as a child of its own, and the processor " +
    "time of the busiest turn, which says more on a machine that others share; the time " +
    "from a call, and from a command line, until its first instruction; what the keeper of a running command holds; and " +
    "how late the daemon's loop was while 48 trees that are hard to stop were stopped at once.",

  async open(bench) {
    const [own, yardstick, others] = await Promise.all(
      [[sessiond], [node], [pm2]].map((peers) => bench.present(peers)),
    );
    const cells = [];
    for (const [row, ballastMb] of Object.entries(BALLASTS)) {
      if (own.length > 0) cells.push(() => blocked(bench, row, ballastMb, "sessiond", KEEPER));
      if (yardstick.length > 0) cells.push(() => blocked(bench, row, ballastMb, "node", "child"));
    }
    if (own.length > 0) cells.push(() => bench.withPeer(sessiond, (running) => inDaemon(bench, running)));
    if (others.length > 0) cells.push(() => bench.withPeer(pm2, (running) => byPm2(bench, running)));
    return { cells };
  },
};

async function blocked(bench, heap, ballastMb, peer, program) {
  const folder = await bench.folder("starts");
  const argv = [STARTER, program, String(ballastMb), String(bench.size(STARTS)), folder];
  const { stdout } = await promisify(execFile)(process.execPath, argv, { env: bench.env });
  await rm(folder, { recursive: true });
  const { turns } = JSON.parse(stdout);
  const by = (field) => turns.map((turn) => turn[field]).sort((a, b) => a - b);
  const [wall, cpu] = [by("wallMs"), by("cpuMs")];
  const goals = peer === "sessiond" ? { goals: [{ atMost: 2 }] } : {};
  const middle = Math.floor(turns.length / 2);
  return [
    { row: `loop blocked, ${heap}, p50`, peer, unit: "ms", value: wall[middle], ...goals },
    { row: `loop blocked, ${heap}, at most`, peer, unit: "ms", value: wall.at(-1) },
    { row: `processor time of that, ${heap}, p50`, peer, unit: "ms", value: cpu[middle], ...goals },
  ];
}

async function inDaemon(bench, { socket }) {
  const peer = "sessiond";
  const { sessionId } = await call(socket, "session/create", { config: { maxRunningCommands: TREES } });
  const beganMs = wallMs();
  const { commandId } = await call(socket, "command/run", { sessionId, argv: NOW });
  const { output } = await call(socket, "command/output", { commandId });
  const figures = [
    { row: "call to first instruction", peer, unit: "ms", value: Number(output) / 1e6 - beganMs },
  ];
  const cli = sessiond.cli({ socket }, "run");
  const calledMs = wallMs();
  const said = await promisify(execFile)(cli.argv[0], [...cli.argv.slice(1), "--", ...NOW], {
    env: bench.env,
  });
  figures.push({
    row: "command line to first instruction",
    peer,
    unit: "ms",
    value: Number(said.stdout) / 1e6 - calledMs,
  });
  figures.push(...(await keeperMemory(socket, sessionId)));
  const loop = await stopTrees(bench, socket, sessionId);
  figures.push({ row: "loop late while 48 trees are stopped, at most", peer, unit: "ms", value: loop.maxMs });
  return figures;
}

async function keeperMemory(socket, sessionId) {
  const { commandId } = await call(socket, "command/start", { sessionId, argv: ["sleep", "1000"] });
  const { dataDir } = await call(socket, "daemon/status", {});
  const running = join(dataDir, "running");
  const claim = async () => {
    for (const name of await readdir(running)) {
      const text = await readFile(join(running, name, "claim"), "utf8").catch(() => "");
      if (text !== "") return text;
    }
    return undefined;
  };
  const pid = Number((await eventually(claim)).split(" ")[1]);
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  const value = (field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)[1]) / 1_000;
  await call(socket, "command/signal", { commandId, signal: "SIGKILL" });
  const common = { peer: "sessiond", unit: "MB", goals: [{ atMost: 3 }] };
  return [
    { ...common, row: "keeper of a command, RSS", value: value("Rss") },
    { ...common, row: "keeper of a command, PSS", value: value("Pss") },
  ];
}

async function stopTrees(bench, socket, sessionId) {
  const argv = ["sh", "-c", NASTY];
  const trees = Array.from({ length: bench.size(TREES) }, async () => {
    const { commandId } = await call(socket, "command/start", { sessionId, argv, graceMs: 200 });
    await call(socket, "command/output", { commandId, follow: true });
    return commandId;
  });
  await Promise.all(trees);
  await call(socket, "session/end", { sessionId, status: "completed" });
  await eventually(async () => (await call(socket, "daemon/status", {})).commands.running === 0 || undefined);
  return (await call(socket, "daemon/status", {})).loop;
}

/** pm2 starts a program by its command line, and says nothing about the time. */
async function byPm2(bench, { env, program }) {
  const output = join(env.PM2_HOME, "date.out");
  const calledMs = wallMs();
  const options = ["--interpreter", "none", "--no-autorestart", "--output", output];
  await runToEnd([process.execPath, program, "start", "date", ...options, "--", "+%s%N"], env);
  const said = await eventually(
    async () => (await readFile(output, "utf8").catch(() => "")).trim() || undefined,
  );
  const value = Number(said.split("\n")[0]) / 1e6 - calledMs;
  return [{ row: "command line to first instruction", peer: "pm2", unit: "ms", value }];
}

/** As `date` has it. */
function wallMs() {
  return performance.timeOrigin + performance.now();
}

async function eventually(look) {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(LOOK_AGAIN_MS);
  }
}
