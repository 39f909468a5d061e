import { join } from "node:path";

import { copyFile, digestFile, type FileDigest } from "../../disk/copyFile.js";
import { hasCode } from "../../disk/operations.js";
import { NotReadableAsFileError, readWholeFile } from "../../disk/readWhole.js";
import { BackupError } from "./backupError.js";
import { MANIFEST_NAME, parseManifest, type BackupFile, type Manifest } from "./manifest.js";

/** Some million files. */
const MANIFEST_BYTES = 256 * 1024 * 1024;

/** A backup whose manifest was read. */
export interface Backup extends Manifest {
  /** Its folder. */
  readonly path: string;
}

/** Reads the manifest of a backup. @throws {BackupError} where it is missing or not as it was written */
export async function openBackup(path: string): Promise<Backup> {
  const place = join(path, MANIFEST_NAME);
  try {
    const manifest = parseManifest(await readWholeFile(place, MANIFEST_BYTES));
    if (typeof manifest !== "string") return { path, ...manifest };
    throw damaged(`${place}: ${manifest}.`);
  } catch (error) {
    if (error instanceof NotReadableAsFileError) throw damaged(`${place}: ${error.message}.`);
    if (!hasCode(error, "ENOENT", "ENOTDIR")) throw error;
    const hint =
      "a backup that did not come to its end leaves such a folder: remove it, and make another one";
    throw new BackupError(
      "backup_incomplete",
      `${path} is no whole backup: it has no ${MANIFEST_NAME}.`,
      hint,
    );
  }
}

/** Holds every file against the manifest. @throws {BackupError} naming the first that is not as it was written */
export async function checkBackup({ path, files }: Backup): Promise<void> {
  for (const file of files) {
    const place = join(path, file.name);
    await compared(place, file, () => digestFile(place, { maxBytes: file.sizeBytes + 1 }));
  }
}

/** Copies one file of a backup to its place, and holds what was copied against the manifest. */
export async function copyFromBackup({ path }: Backup, file: BackupFile, to: string): Promise<void> {
  const place = join(path, file.name);
  await compared(place, file, () => copyFile(place, to, { maxBytes: file.sizeBytes + 1 }));
}

async function compared(place: string, stated: FileDigest, digest: () => Promise<FileDigest>): Promise<void> {
  const found = await digest().catch((error: unknown) => {
    const isOfSource = hasCode(error, "EISDIR") || (error as NodeJS.ErrnoException).path === place;
    if (!isOfSource) throw error;
    if (hasCode(error, "ENOENT", "ENOTDIR")) throw damaged(`${place} is missing.`);
    throw damaged(`${place} cannot be read: ${(error as Error).message}.`);
  });
  if (found.sizeBytes < stated.sizeBytes) {
    throw damaged(`${place} has ${found.sizeBytes} bytes, and had ${stated.sizeBytes}.`);
  }
  if (found.sizeBytes > stated.sizeBytes)
    throw damaged(`${place} has more than its ${stated.sizeBytes} bytes.`);
  if (found.sha256 !== stated.sha256)
    throw damaged(`${place} is not as it was written: its checksum differs.`);
}

function damaged(message: string): BackupError {
  return new BackupError("backup_damaged", message, "nothing was changed; take another copy of the backup");
}
