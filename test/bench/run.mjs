/**
 * Measures sessiond beside its peers in one run: cells in turn, medians of the rounds. On a machine that others share
 * only the ratios mean anything. Prints Markdown, or JSON; what it is at goes to standard error.
 *
 * usage: node test/bench/run.mjs [--rounds 3] [--seconds 3] [--warm-up 3] [--scale 1] [--only <part>,…]
 *                                [--peers <peer>,…] [--shapes <shape>,…] [--json]
 */
import { parseArgs } from "node:util";
import { SHAPES } from "./load.mjs";
import { PARTS } from "./parts/index.mjs";
import { PEER_NAMES } from "./peers/index.mjs";
import { runBench } from "./runBench.mjs";
import { formatReport } from "./table.mjs";

const number = { type: "string" };
const { values } = parseArgs({
  options: {
    rounds: { ...number, default: "3" },
    seconds: { ...number, default: "3" },
    // Long enough for the compiler of V8: before it, what is measured is the interpreter.
    "warm-up": { ...number, default: "3" },
    scale: { ...number, default: "1" },
    only: { type: "string" },
    peers: { type: "string" },
    shapes: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

const only = namesOf(
  "only",
  PARTS.map(({ name }) => name),
);
const peers = namesOf("peers", PEER_NAMES);
const shapes = namesOf("shapes", Object.keys(SHAPES));
// How the answer is printed makes no other figures.
const given = process.argv.slice(2).filter((argument) => argument !== "--json");
const report = await runBench(
  {
    rounds: numberOf("rounds"),
    seconds: numberOf("seconds"),
    warmUpS: numberOf("warm-up"),
    scale: numberOf("scale"),
    only,
    peers,
    shapes,
    command: ["npm run bench", ...(given.length > 0 ? ["--", ...given] : [])].join(" "),
  },
  (line) => console.error(line),
);
console.log(values.json ? JSON.stringify(report, undefined, 2) : formatReport(report));
process.exitCode = report.failures.length === 0 ? 0 : 1;

function numberOf(option) {
  const value = Number(values[option]);
  if (value >= 0) return value;
  console.error(`--${option} ${String(values[option])}: it has to be a number, and not below 0.`);
  process.exit(2);
}

function namesOf(option, known) {
  const names = values[option]?.split(",");
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    console.error(`--${option} ${unknown}: there is no such thing; there are ${known.join(", ")}.`);
    process.exit(2);
  }
  return names;
}
