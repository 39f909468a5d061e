// Bundles what `tsc` has built, each time it has changed: `dist/program` is the command line with its daemon, as
// CommonJS, because that starts faster; `dist/library` is what other programs import; `dist/search` is the thread that
// both start for the search. What is bundled is the code that
// the tests run, only put together, and its names and lines can be read in a stack.
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";

import { builtinDefaults } from "./builtinDefaults.mjs";
import { smallerLibraries } from "./smallerLibraries.mjs";
import { isCurrent, markCurrent } from "./current.mjs";
import { inlineRuntime } from "./inlineRuntime.mjs";
import { licenseTexts } from "./licenses.mjs";
import { localClock } from "./localClock.mjs";
import { staticModules } from "./staticModules.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DIST = join(ROOT, "dist");
const STAMP = join(DIST, ".bundled");

/**
 * Which modules of the program lie in one file, since each file that is loaded costs a third of a millisecond: what
 * `ping` needs, what every other verb needs, what talks to the daemon, and what most verbs fetch and print with. The rest
 * is apart, because what a file needs of Node is loaded with it.
 */
const programFiles = (always) => [
  { name: "always", test: (id) => always.has(id), priority: 3 },
  {
    name: "verbs",
    test: /[\\/](?:cli[\\/](?:run|verbTable|\w+Verbs|optionValues)|client[\\/]errors|rpc[\\/]remoteError)\.js$/,
    priority: 3,
  },
  { name: "rpc", test: /[\\/]dist[\\/]src[\\/]rpc[\\/]|json-rpc-2/, priority: 2 },
  { name: "client", test: /[\\/]dist[\\/]client[\\/](?!ownPackage|startDaemon)/, priority: 1 },
  {
    name: "printing",
    test: /[\\/]cli[\\/](?:firstItems|humane|sessionRef|statusWords|table|textWidth)\.js$/,
    priority: 1,
  },
];

/** What goes where. Chunks have plain names, so that a folder of an earlier build is overwritten and not filled. */
const BUNDLES = [
  {
    folder: "program",
    format: "cjs",
    extension: "cjs",
    input: { sessiond: join(DIST, "src/main.js") },
    groups: programFiles,
  },
  {
    folder: "library",
    format: "esm",
    extension: "js",
    input: {
      index: join(DIST, "src/index.js"),
      client: join(DIST, "client/index.js"),
      files: join(DIST, "client/files.js"),
    },
  },
  {
    folder: "search",
    format: "cjs",
    extension: "cjs",
    input: { worker: join(DIST, "src/search/worker.js") },
    // SQLite looks for it beside itself.
    copies: [join(ROOT, "node_modules/node-sqlite3-wasm/dist/node-sqlite3-wasm.wasm")],
  },
];

const INPUTS = ["dist/src", "dist/client", "test/bundle", "package-lock.json"].map((path) =>
  join(ROOT, path),
);

const startedAt = new Date();
if (!(await isCurrent(STAMP, INPUTS))) {
  const modules = new Set();
  for (const bundle of BUNDLES) {
    for (const id of await make(bundle)) modules.add(id);
  }
  await writeChanged(join(DIST, "THIRD-PARTY-LICENSES.txt"), await licenseTexts(modules));
  await markCurrent(STAMP, startedAt);
}

/** Makes one bundle, and answers the files that went into it. */
async function make({ folder, format, extension, input, groups = () => [], copies = [] }) {
  const always = staticModules();
  const build = await rolldown({
    cwd: ROOT,
    input,
    platform: "node",
    plugins: [smallerLibraries(), localClock(), builtinDefaults(), always.plugin, inlineRuntime()],
    onLog: refuse,
  });
  const { output } = await build.generate({
    format,
    entryFileNames: `[name].${extension}`,
    chunkFileNames: `[name].${extension}`,
    // V8 keeps the text of a file with any other character in it at twice its size.
    charset: "ascii",
    codeSplitting: { groups: groups(always) },
    comments: { legal: true, jsdoc: false, annotation: false },
  });
  await build.close();
  const dir = join(DIST, folder);
  await mkdir(dir, { recursive: true });
  for (const { fileName, code, isEntry } of output)
    await writeChanged(join(dir, fileName), code, isEntry && code.startsWith("#!") ? 0o755 : 0o644);
  const made = new Set(output.map(({ fileName }) => fileName));
  const old = (await readdir(dir)).filter((name) => name.endsWith(`.${extension}`) && !made.has(name));
  await Promise.all(old.map((name) => rm(join(dir, name), { force: true })));
  for (const path of copies) await copyChanged(path, join(dir, basename(path)));
  return output.flatMap(({ modules }) => Object.keys(modules));
}

/**
 * A warning of the bundler is a mistake of the build: what is not resolved here would be missing at somebody else's.
 * That two modules which are loaded one after the other end up in one file is what was asked for.
 */
function refuse(level, log) {
  if (level === "warn" && log.code !== "INEFFECTIVE_DYNAMIC_IMPORT") throw new Error(log.message);
}

/** Writes a file as a whole, and only if it says something else: a program that runs from here is not disturbed. */
async function writeChanged(path, text, mode = 0o644) {
  if (existsSync(path) && (await readFile(path, "utf8")) === text) return;
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, text, { mode });
  await rename(temporary, path);
}

/** The same for a file that is taken as it is. */
async function copyChanged(from, path) {
  if (existsSync(path) && (await readFile(path)).equals(await readFile(from))) return;
  const temporary = `${path}.${process.pid}`;
  await copyFile(from, temporary);
  await chmod(temporary, 0o644);
  await rename(temporary, path);
}
