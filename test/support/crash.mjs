// The fault campaigns, as large as one likes: `npm run test:crash -- --cycles 1000 --shards 2`. With names behind
// (`crash`, `orphans`, `malformed`, …: the files of test/crash) only those.
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

/** What each option is passed on as; see test/crash/campaign.ts. */
const SIZES = {
  cycles: "SESSIOND_CRASH_CYCLES",
  "orphan-cycles": "SESSIOND_CRASH_ORPHAN_CYCLES",
  malformed: "SESSIOND_CRASH_MALFORMED_INPUTS",
  "kill-every": "SESSIOND_CRASH_KILL_EVERY",
};
const sizeOptions = Object.fromEntries(Object.keys(SIZES).map((name) => [name, { type: "string" }]));
const { values, positionals } = parseArgs({
  options: { ...sizeOptions, shards: { type: "string", default: "1" } },
  allowPositionals: true,
});
for (const [name, value] of Object.entries(values)) {
  if (/^[1-9]\d*$/.test(value)) continue;
  console.error(`--${name} is ${JSON.stringify(value)}; a whole number above 0 is needed.`);
  process.exit(2);
}
const env = { ...process.env };
for (const [name, variable] of Object.entries(SIZES))
  if (values[name] !== undefined) env[variable] = values[name];

// A daemon that is killed leaves most of a machine idle, so the cycles may be shared out among several daemons.
const shards = Number(values.shards);
const runs = [];
if (isWanted("crash")) {
  const cycles = Number(values.cycles ?? "25");
  for (let shard = 0; shard < shards; shard += 1) {
    const share = Math.floor((cycles * (shard + 1)) / shards) - Math.floor((cycles * shard) / shards);
    if (share > 0)
      runs.push(vitest(["test/crash/crash.test.ts"], { ...env, SESSIOND_CRASH_CYCLES: String(share) }));
  }
}
const codes = await Promise.all(runs);
const others = positionals.filter((name) => name !== "crash").map((name) => `test/crash/${name}.test.ts`);
if (positionals.length === 0) others.push("test/crash", "--exclude=test/crash/crash.test.ts");
if (others.length > 0) codes.push(await vitest(others, env));
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;

function isWanted(name) {
  return positionals.length === 0 || positionals.includes(name);
}

/** Answers the exit code. */
function vitest(filters, ownEnv) {
  const args = ["vitest", "run", "--config", "test/vitest.config.ts", ...filters];
  const child = spawn("npx", args, { stdio: "inherit", env: ownEnv });
  return new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
}
