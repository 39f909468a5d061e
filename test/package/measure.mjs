// What the program costs that is installed: how long its calls take beside `node -e 0`, from the start of a daemon in an
// empty folder to its first answer, and the memory of one that does nothing. Calls are interleaved, medians are shown.
//
// usage: node test/package/measure.mjs [--program dist/program/sessiond.cjs] [--node <path>] [--rounds 25] [--starts 7]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    program: { type: "string", default: "dist/program/sessiond.cjs" },
    node: { type: "string", default: process.execPath },
    rounds: { type: "string", default: "25" },
    starts: { type: "string", default: "7" },
  },
});
const program = resolve(options.program);
/** As `sessiond start --detach` starts a daemon. */
const DAEMON = ["--max-semi-space-size=32", program, "start", "--quiet"];
/** After the start, and when V8 has tidied up: it does so once a process has been idle for some seconds. */
const LOOKS_AFTER_MS = [1_500, 10_000];

const folder = mkdtempSync(join(tmpdir(), "sessiond-measure-"));
const dataDir = join(folder, "data");
// Not the caller's: NODE_EXTRA_CA_CERTS alone would make every call twice as long.
const env = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, SESSIOND_DATA_DIR: dataDir };

try {
  const starts = [];
  const memory = LOOKS_AFTER_MS.map(() => []);
  for (let index = 0; index < Number(options.starts); index++) {
    const { child, tookMs } = await start();
    starts.push(tookMs);
    // The long look once is enough.
    const looks = index === 0 ? LOOKS_AFTER_MS : LOOKS_AFTER_MS.slice(0, 1);
    let passedMs = 0;
    for (const [at, afterMs] of looks.entries()) {
      await pause(afterMs - passedMs);
      passedMs = afterMs;
      memory[at].push(rssBytes(child.pid));
    }
    await stop(child);
    rmSync(dataDir, { recursive: true });
  }
  print("start to first answer", `${median(starts).toFixed(0)} ms`);
  LOOKS_AFTER_MS.forEach((ms, at) =>
    print(`memory after ${ms / 1_000} s`, `${(median(memory[at]) / 1e6).toFixed(1)} MB`),
  );
  const { child } = await start();
  try {
    const calls = { "node -e 0": ["-e", "0"] };
    for (const verb of ["version", "ping", "list"]) calls[verb] = [program, verb];
    const times = Object.fromEntries(Object.keys(calls).map((name) => [name, []]));
    for (let round = 0; round < Number(options.rounds); round++)
      for (const [name, argv] of Object.entries(calls)) times[name].push(callMs(argv));
    const least = median(times["node -e 0"]);
    for (const [name, all] of Object.entries(times))
      print(name, `${median(all).toFixed(1)} ms`, (median(all) / least).toFixed(2));
  } finally {
    await stop(child);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function print(...cells) {
  console.log(
    cells
      .map((cell) => cell.padEnd(24))
      .join("")
      .trimEnd(),
  );
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function callMs(argv) {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(options.node, argv, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${argv.join(" ")} ended with ${status}: ${stderr}`);
  return performance.now() - startedMs;
}

async function start() {
  const startedMs = performance.now();
  const child = spawn(options.node, DAEMON, { env, cwd: "/", stdio: "inherit" });
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}`);
    await pause(1);
  }
  return { child, tookMs: performance.now() - startedMs };
}

/** Whether somebody answers on the socket. */
function answers() {
  return new Promise((settle) => {
    const socket = connect(join(dataDir, "sessiond.sock"));
    socket.on("error", () => settle(false));
    socket.on("data", () => socket.destroy() && settle(true));
    socket.write('{"jsonrpc":"2.0","id":1,"method":"daemon/ping"}\n');
  });
}

async function stop(child) {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}

function rssBytes(pid) {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1_024;
}
