import { lstat, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { writeFileAtomic } from "../disk/atomic.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { diskOperations, hasCode } from "../disk/operations.js";
import { removePending } from "../disk/pendingFile.js";
import { removeFile, removeTree } from "../disk/remove.js";
import { archivedName, archivedParts, liveParts } from "./logParts.js";
import {
  isLinkOf,
  logArchive,
  logFolder,
  logLink,
  SESSION_FILES,
  type LogOwner,
} from "./sessionLogPlaces.js";

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/**
 * Moves the log of a session to the archive, file by file, compressed. One that is not open any more. Each file
 * is in the archive before it goes, so a crash may leave it in both places, and never in none: the next call sees that
 * it is there already, and puts it there once.
 */
export async function archiveLog(logDir: string, owner: LogOwner): Promise<void> {
  const folder = logFolder(logDir, owner);
  const archive = logArchive(logDir, owner);
  const parts = await liveParts(folder, SESSION_FILES);
  if (parts.length === 0) return;
  await ensurePrivateFolder(dirname(archive));
  await ensurePrivateFolder(archive);
  const newest = (await archivedParts(archive)).at(-1);
  let number = newest?.number ?? 0;
  for (const [index, { path }] of parts.entries()) {
    const bytes = await readFile(path);
    const isThere = index === 0 && newest !== undefined && (await isBeginningOf(bytes, newest.path));
    if (!isThere) number += 1;
    const to = join(archive, archivedName(number));
    await removePending(to, diskOperations);
    await writeFileAtomic(to, await compress(bytes));
    await removeFile(path);
  }
  await removeLive(logDir, owner);
}

/** Whether a compressed file holds how these bytes begin: lines may have been added after the crash. */
async function isBeginningOf(bytes: Buffer, compressedPath: string): Promise<boolean> {
  try {
    const held = await decompress(await readFile(compressedPath), { maxOutputLength: bytes.length + 1 });
    return held.length > 0 && bytes.subarray(0, held.length).equals(held);
  } catch {
    // Too long to be the beginning, or damaged: then it is another one, and stays.
    return false;
  }
}

/** Removes everything of the log of a session. */
export async function removeLog(logDir: string, owner: LogOwner): Promise<void> {
  await removeLive(logDir, owner);
  await removeFolder(logArchive(logDir, owner));
}

async function removeLive(logDir: string, owner: LogOwner): Promise<void> {
  const link = await logLink(logDir, owner);
  // The name may lead to the log of a later session with the same id by now.
  if (await isLinkOf(link, owner)) await removeFile(link);
  await removeFolder(logFolder(logDir, owner));
}

async function removeFolder(path: string): Promise<void> {
  try {
    // Most sessions have no such folder, and then there is nothing to sync.
    await lstat(path);
    await removeTree(dirname(path), basename(path));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
  }
}
