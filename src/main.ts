#!/usr/bin/env node
import { runCli } from "./cli/run.js";

// Not process.exit(): what was written to a pipe has to arrive, and every verb closes what it opened.
process.exitCode = await runCli(process.argv.slice(2), process);
