import { readFileSync } from "node:fs";

/** What pino-roll does with date-fns as it is used here: names of days, and the next midnight. */
const DAYS = `
const addDays = (date, count) => {
  const moved = new Date(date);
  moved.setDate(moved.getDate() + count);
  return moved;
};
const format = (time, form) => {
  if (form !== "yyyy-MM-dd") throw new Error("Only yyyy-MM-dd is bundled, see test/bundle/smallerLibraries.mjs");
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, "0");
  return [String(date.getFullYear()).padStart(4, "0"), two(date.getMonth() + 1), two(date.getDate())].join("-");
};
const missing = () => {
  throw new Error("Not bundled, because nobody used it, see test/bundle/smallerLibraries.mjs");
};
module.exports = { addDays, format, addHours: missing, parse: missing, isValid: missing };
`;

/** The daemon's lines go to a function; a transport would be a thread. */
const NO_TRANSPORT = `
module.exports = () => {
  throw new Error("Transports of pino are not bundled, see test/bundle/smallerLibraries.mjs");
};
`;

/** It asks for a file that it opens by itself; the daemon's lines go to a function. */
const MAIN_THREAD = "module.exports = { isMainThread: true };";

/**
 * Which part of a library is replaced, for whom, and by what. `uses` is what the importer has to look like: where it
 * does not, somebody has to see what became of it.
 */
export const REPLACED = [
  {
    source: "date-fns",
    importer: /[\\/]pino-roll[\\/]lib[\\/]utils\.js$/,
    uses: "const { format, addDays, addHours, parse, isValid } = require('date-fns')",
    code: DAYS,
  },
  {
    // It waits where there are no descriptors left, and nothing that a lock of folders does takes one.
    source: "graceful-fs",
    importer: /[\\/]proper-lockfile[\\/]lib[\\/](?:lockfile|adapter)\.js$/,
    uses: "const fs = require('graceful-fs');",
    code: 'module.exports = require("node:fs");',
  },
  {
    source: "./transport",
    importer: /[\\/]pino[\\/]lib[\\/]tools\.js$/,
    uses: "const transport = require('./transport')",
    code: NO_TRANSPORT,
  },
  {
    source: "./lib/transport",
    importer: /[\\/]pino[\\/]pino\.js$/,
    uses: "module.exports.transport = require('./lib/transport')",
    code: NO_TRANSPORT,
  },
  {
    source: "worker_threads",
    importer: /[\\/]pino[\\/]lib[\\/]tools\.js$/,
    uses: "const { isMainThread } = require('worker_threads')",
    code: MAIN_THREAD,
  },
];

const PREFIX = "\0smaller:";

/**
 * Leaves out of the libraries of the daemon what it does not use of them, and what a bundler cannot tell by itself,
 * because they are CommonJS. Every daemon would read it, run it at its start, and keep it: 170 of 900 kB of source.
 *
 * @returns {import("rolldown").Plugin}
 */
export function smallerLibraries() {
  return {
    name: "smaller-libraries",
    resolveId(source, importer = "") {
      const index = REPLACED.findIndex((one) => one.source === source && one.importer.test(importer));
      if (index === -1) return null;
      checkUse(readFileSync(importer, "utf8"), REPLACED[index]);
      return PREFIX + index;
    },
    load(id) {
      return id.startsWith(PREFIX) ? REPLACED[Number(id.slice(PREFIX.length))].code : null;
    },
  };
}

/**
 * @param {string} code of the importer
 * @throws {Error} where it does not use the part as it did
 */
export function checkUse(code, { source, uses }) {
  if (!code.includes(uses))
    throw new Error(`${source} is used in another way than before; see test/bundle/smallerLibraries.mjs`);
}
