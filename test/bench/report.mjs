/**
 * Puts the tables of a run into the README of the bench, between its two marks.
 *
 * usage: node test/bench/report.mjs <file with what `run.mjs --json` printed>
 */
import { readFileSync, writeFileSync } from "node:fs";
import { formatReport } from "./table.mjs";

const BEGIN = "<!-- figures -->";
const END = "<!-- end of the figures -->";
const readme = new URL("README.md", import.meta.url);

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const text = readFileSync(readme, "utf8");
const [before, rest] = text.split(BEGIN);
const after = rest?.split(END)[1];
if (after === undefined) throw new Error(`README.md has no ${BEGIN} with an ${END} behind it`);
writeFileSync(readme, `${before}${BEGIN}\n\n${formatReport(report)}\n${END}${after}`);
