#!/usr/bin/env node
import { runCli } from "./cli/run.js";

// Not process.exit(): what was written to a pipe has to arrive, and every verb closes what it opened. Not a top-level
// await either: the program is bundled as CommonJS, which starts faster and has none.
void runCli(process.argv.slice(2), process).then((exitCode) => (process.exitCode = exitCode));
