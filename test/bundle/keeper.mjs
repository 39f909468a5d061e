// Compiles the keeper, each time its source has changed, where that can be done: on Linux, with a C compiler. Without
// one there is none, and commands are kept by sh; that is no failure of the build.
import { spawnSync } from "node:child_process";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { isCurrent, markCurrent } from "./current.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = join(ROOT, "src/process/keeper");
const FOLDER = join(ROOT, "dist/keeper");
const PROGRAM = join(FOLDER, "sessiond-keeper");
const FLAGS = ["-O2", "-Wall", "-Wextra", "-Wpedantic", "-std=c11"];

const sources = (await readdir(SOURCE))
  .filter((name) => /\.[ch]$/.test(name))
  .map((name) => join(SOURCE, name))
  // What it is compiled with stands here.
  .concat(fileURLToPath(import.meta.url));
const stamp = join(FOLDER, ".compiled");
const startedAt = new Date();
if (process.platform === "linux" && !(await isCurrent(stamp, sources))) {
  await mkdir(FOLDER, { recursive: true });
  if (await isCompiled()) await markCurrent(stamp, startedAt);
}

/**
 * The program gets its name when it is whole: one that runs is not disturbed, and half of one is never run. It is static
 * where the linker can do that, so that a package that was built on one system runs on another, with any C library.
 */
async function isCompiled() {
  const temporary = `${PROGRAM}.${process.pid}`;
  const files = sources.filter((path) => path.endsWith(".c"));
  const compile = (...more) =>
    spawnSync(process.env.CC ?? "cc", [...FLAGS, ...more, "-o", temporary, ...files], { encoding: "utf8" });
  const linked = compile("-static", "-s");
  const { error, status, stderr } = linked.status === 0 ? linked : compile();
  if (status !== 0) {
    // What an older source was compiled to must not run in the place of this one.
    await Promise.all([temporary, PROGRAM].map((path) => rm(path, { force: true })));
    if (error === undefined)
      console.warn(`The keeper could not be compiled, so commands are kept by sh:\n${stderr}`);
    return false;
  }
  await rename(temporary, PROGRAM);
  return true;
}
