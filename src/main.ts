#!/usr/bin/env node
import { runPing } from "./cli/runPing.js";

const argv = process.argv.slice(2);
const pinged = runPing(argv, process);

// Not a top-level await: the program is bundled as CommonJS, which starts faster and has none.
if (pinged === undefined) void runOther();
// It has waited until all was written, and has closed its socket: what Node would tidy up takes longer than the answer.
else void pinged.then((exitCode) => process.exit(exitCode));

/** Not process.exit() here: what was written to a pipe has to arrive, and every verb closes what it opened. */
async function runOther(): Promise<void> {
  const { runCli } = await import("./cli/run.js");
  process.exitCode = await runCli(argv, process);
}
