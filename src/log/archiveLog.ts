import { lstat, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { writeFileAtomic } from "../disk/atomic.js";
import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
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

/**
 * Moves the log of a session to the archive, file by file, compressed. One that is not open any more. Each file
 * is in the archive before it goes, so a crash may leave it in both places, and never in none.
 */
export async function archiveLog(logDir: string, owner: LogOwner): Promise<void> {
  const folder = logFolder(logDir, owner);
  const archive = logArchive(logDir, owner);
  const parts = await liveParts(folder, SESSION_FILES);
  if (parts.length === 0) return;
  await ensurePrivateFolder(dirname(archive));
  await ensurePrivateFolder(archive);
  let number = (await archivedParts(archive)).at(-1)?.number ?? 0;
  for (const { path } of parts) {
    number += 1;
    await writeFileAtomic(join(archive, archivedName(number)), await compress(await readFile(path)));
    await removeFile(path);
  }
  await removeLive(logDir, owner);
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
