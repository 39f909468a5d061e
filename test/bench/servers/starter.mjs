/**
 * Starts commands one after the other, and tells how long the event loop stood still for each. usage:
 * node starter.mjs <keeper program, or "child"> <MB that it holds beside> <how many> <folder>
 */
import { join } from "node:path";
import { startChild } from "../../../dist/src/process/child.js";
import { Keepers } from "../../../dist/src/process/keeper/keepers.js";

const [program, ballastMb, count, folder] = process.argv.slice(2);
// Written to, so that all of it is there.
const ballast = Buffer.alloc(Number(ballastMb) * 1_000_000, 1);
const keepers = new Keepers(program === "child" ? undefined : program);
const turns = [];
for (let number = -2; number < Number(count); number++) {
  const longest = await longestTurn(() => startOne(number));
  // The first ones start the spawn server, and compile.
  if (number >= 0) turns.push(longest);
}
keepers.close();
console.log(JSON.stringify({ turns, ballastBytes: ballast.length }));

async function startOne(number) {
  const path = join(folder, String(number));
  const output = { stdoutPath: `${path}.out`, stderrPath: `${path}.err` };
  const env = { PATH: process.env.PATH };
  const request = { argv: ["true"], cwd: "/", env, ...output, closeMs: 0, closeAtMs: 0, graceMs: 100 };
  const { gone } = await (program === "child" ? startChild(request) : keepers.start(path, request));
  await gone;
}

/** The longest time between two turns of the loop while something goes on, and the most processor time in one. */
async function longestTurn(during) {
  const longest = { wallMs: 0, cpuMs: 0 };
  let isOver = false;
  let last = performance.now();
  let cpu = process.cpuUsage();
  const turn = () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpu);
    longest.wallMs = Math.max(longest.wallMs, now - last);
    longest.cpuMs = Math.max(longest.cpuMs, (user + system) / 1_000);
    last = now;
    cpu = process.cpuUsage();
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  await during();
  isOver = true;
  return longest;
}
