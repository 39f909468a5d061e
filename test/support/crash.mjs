// The crash tests with as many cycles as one likes: `npm run test:crash -- --cycles 1000`.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { cycles: { type: "string", default: "25" } } });
if (!/^[1-9]\d*$/.test(values.cycles)) {
  console.error(`--cycles is ${JSON.stringify(values.cycles)}; a whole number above 0 is needed.`);
  process.exit(2);
}
const { status } = spawnSync("npx", ["vitest", "run", "--config", "test/vitest.config.ts", "test/crash"], {
  stdio: "inherit",
  env: { ...process.env, SESSIOND_CRASH_CYCLES: values.cycles },
});
process.exitCode = status ?? 1;
