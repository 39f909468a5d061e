import type { Stats } from "node:fs";

import { diskOperations, exists } from "../disk/operations.js";
import { removeFile } from "../disk/remove.js";
import { archivableFiles } from "./archivedFolder.js";
import { compressFile, expandFile } from "./compressedFile.js";
import type { FolderOwner } from "./places.js";
import type { PlainFiles } from "./plainFiles.js";

/** How the folder of a session is brought from one form into the other, while it is in use. */
export interface FormOptions {
  readonly files: PlainFiles;
  /** Whether this form is still wanted. */
  readonly isWanted: () => boolean;
  /** Asked in between; the work is broken off where it throws. */
  readonly mustGoOn: () => void;
  /** Does a removal when nobody copies the folder. */
  readonly removal: (remove: () => Promise<void>) => Promise<void>;
}

/** Compresses what lies in the folder of a session, file by file: each is whole in its new form before the old one goes. */
export async function compressFolder(
  contentDir: string,
  owner: FolderOwner,
  { files, isWanted, mustGoOn, removal }: FormOptions,
): Promise<void> {
  const { plain, pending } = await archivableFiles(contentDir, owner);
  for (const path of pending) await removeFile(path);
  for (const path of plain) {
    mustGoOn();
    const before = stampOf(await diskOperations.lstat(path));
    await compressFile(path, { mustGoOn });
    const isAsCompressed = async (): Promise<boolean> =>
      isWanted() && before === stampOf(await diskOperations.lstat(path));
    await removal(() => files.removeOne(path, isAsCompressed));
  }
}

/** Brings back what was compressed in the folder of a session, in the same way. */
export async function expandFolder(
  contentDir: string,
  owner: FolderOwner,
  { files, mustGoOn, removal }: FormOptions,
): Promise<void> {
  const { compressed, pending } = await archivableFiles(contentDir, owner);
  for (const path of pending) await removeFile(path);
  for (const path of compressed) {
    mustGoOn();
    await files.use(path, async () => {
      if (!(await exists(path, diskOperations))) await expandFile(path, { mustGoOn });
    });
    // The plain one counts from now on.
    await removal(() => files.removeOne(path, () => Promise.resolve(false)));
  }
}

/** What changes when anybody writes to a file. */
function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}
