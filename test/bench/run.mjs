/**
 * Measures sessiond beside its peers in one run: the cells are interleaved, the medians of the rounds are
 * compared, and only the ratios mean anything on a machine that others share.
 *
 * usage: node test/bench/run.mjs [--rounds 3] [--seconds 3] [--json]
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { PEERS, withPeer } from "./peers.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});

/** Connections and requests in flight on each. */
const SHAPES = [
  [1, 1],
  [16, 1],
  [64, 1],
  [256, 1],
  [1, 64],
];
/** Long enough for the compiler of V8: before it, what is measured is the interpreter. */
const WARM_UP_S = 3;

const root = await mkdtemp(join(tmpdir(), "sessiond-bench-"));
try {
  const load = join(root, "load");
  const compiled = spawnSync("cc", ["-O2", "-o", load, new URL("load.c", import.meta.url).pathname], {
    stdio: "inherit",
  });
  if (compiled.status !== 0) throw new Error("the load generator needs a C compiler (apt-get install gcc)");
  const cells = [];
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const kind of ["write", "read"]) {
      for (const shape of SHAPES) {
        for (const name of Object.keys(PEERS)) cells.push(await measure(load, kind, shape, name));
      }
    }
  }
  const rows = summary(cells.filter(Boolean));
  if (options.json) console.log(JSON.stringify(rows, undefined, 2));
  else print(rows);
} finally {
  await rm(root, { recursive: true, force: true });
}

async function measure(load, kind, [connections, inFlight], name) {
  const { missing, [kind]: template } = PEERS[name];
  if (missing || template === undefined) return undefined;
  return withPeer(name, root, (socket) => {
    const argv = [socket, connections, inFlight, WARM_UP_S, options.seconds, template].map(String);
    const run = spawnSync(load, argv, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    if (run.status !== 0) throw new Error(`${name}, ${kind}: the load generator failed`);
    const { requests, seconds, p50Us, p99Us, cpuSeconds } = JSON.parse(run.stdout);
    return {
      kind,
      connections,
      inFlight,
      name,
      perSecond: requests / seconds,
      p50Us,
      p99Us,
      loadCpu: cpuSeconds / seconds,
    };
  });
}

/** The median of each cell's rounds. */
function summary(cells) {
  const groups = groupBy(cells, keyOf);
  return [...groups.values()].map((group) => {
    const medianOf = (field) =>
      group.map((cell) => cell[field]).sort((a, b) => a - b)[Math.floor(group.length / 2)];
    const { kind, connections, inFlight, name } = group[0];
    const figures = { perSecond: medianOf("perSecond"), p50Us: medianOf("p50Us"), p99Us: medianOf("p99Us") };
    return { kind, connections, inFlight, name, ...figures, loadCpu: medianOf("loadCpu") };
  });
}

function keyOf({ kind, connections, inFlight, name }) {
  return [kind, connections, inFlight, name].join(" ");
}

function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function print(rows) {
  for (const [name, { missing }] of Object.entries(PEERS))
    if (missing) console.log(`without ${name}: ${missing}`);
  for (const kind of ["write", "read"]) {
    console.log(
      `\n${kind === "write" ? "Durable writes" : "Reads"} (per second; ratio is sessiond's to the peer's)`,
    );
    for (const [connections, inFlight] of SHAPES) {
      const cells = rows.filter(
        (row) => row.kind === kind && row.connections === connections && row.inFlight === inFlight,
      );
      const own = cells.find(({ name }) => name === "sessiond");
      const shape = inFlight === 1 ? `${connections}` : `${connections} × ${inFlight}`;
      const figures = cells.map(({ name, perSecond, p99Us }) => {
        const ratio = name === "sessiond" ? "" : ` ratio ${(own.perSecond / perSecond).toFixed(2)}`;
        return `${name} ${Math.round(perSecond)} (p99 ${(p99Us / 1000).toFixed(1)} ms)${ratio}`;
      });
      console.log(`${shape.padStart(8)}  ${figures.join("   ")}`);
    }
  }
}
