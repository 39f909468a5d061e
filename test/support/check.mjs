// Everything that has to hold, one step after the other, up to the first that does not. Quiet when all is well: one
// line a step. `--except <step>` leaves a step out and may be given again.
import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";

import { summaryLine } from "./summary.mjs";

/** Quick ones first: what is wrong shows early. Each is a script of package.json, with what is passed on to it. */
const STEPS = [
  { name: "build" },
  { name: "typecheck" },
  { name: "lint" },
  { name: "format:check" },
  { name: "walls" },
  { name: "knip" },
  { name: "package:check" },
  {
    name: "test",
    options: ["--exclude=test/architecture/**"],
    env: { SESSIOND_COVERAGE: "1" },
    summary: summaryLine,
  },
];

const { values } = parseArgs({ options: { except: { type: "string", multiple: true, default: [] } } });
const unknown = values.except.find((name) => !STEPS.some((step) => step.name === name));
if (unknown !== undefined) {
  console.error(`There is no step ${unknown}; there are ${STEPS.map((step) => step.name).join(", ")}.`);
  process.exit(2);
}
process.exitCode = STEPS.filter((step) => !values.except.includes(step.name)).every(passes) ? 0 : 1;

function passes({ name, options = [], env, summary }) {
  const startedMs = performance.now();
  const run = spawnSync("npm", ["run", "--silent", name, "--", ...options], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 256 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const isGood = run.status === 0;
  if (!isGood) console.log(`${run.stdout}${run.stderr}${run.error?.message ?? ""}`);
  const more = isGood && summary !== undefined ? `  ${summary()}` : "";
  console.log(`${isGood ? "ok  " : "FAIL"}  ${name.padEnd(14)} ${seconds.padStart(6)} s${more}`);
  return isGood;
}
