import { existsSync } from "node:fs";
import { readdir, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Whether nothing among the inputs is newer than the stamp. A file that was removed shows by its folder.
 *
 * @param {string} stamp
 * @param {readonly string[]} inputs files and folders
 */
export async function isCurrent(stamp, inputs) {
  if (!existsSync(stamp)) return false;
  const { mtimeMs } = await stat(stamp);
  for (const input of inputs) {
    if ((await newestMs(input)) >= mtimeMs) return false;
  }
  return true;
}

/**
 * @param {string} stamp
 * @param {Date} startedAt when the inputs were read: what was changed since then is newer than the stamp
 */
export async function markCurrent(stamp, startedAt) {
  await writeFile(stamp, "");
  await utimes(stamp, startedAt, startedAt);
}

/** @param {string} path */
async function newestMs(path) {
  const { mtimeMs } = await stat(path);
  const paths = await readdir(path, { recursive: true }).catch(() => []);
  const times = await Promise.all(paths.map(async (inner) => (await stat(join(path, inner))).mtimeMs));
  return Math.max(mtimeMs, ...times);
}
