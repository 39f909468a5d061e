import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a file or folder is, as far as a write to it would show. */
export interface TreeEntry {
  readonly mode: number;
  readonly ino: number;
  /** When it was changed last, its name and mode included. */
  readonly changedAtMs: number;
  /** Of a file's content. */
  readonly digest?: string;
}

/** Everything in a folder, by path from there; what vanishes meanwhile is left out. */
export async function readTree(folder: string): Promise<Map<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  for (const path of await readdir(folder, { recursive: true })) {
    const entry = await readEntry(join(folder, path)).catch(() => undefined);
    if (entry !== undefined) entries.set(path, entry);
  }
  return entries;
}

async function readEntry(path: string): Promise<TreeEntry> {
  const stat = await lstat(path);
  const entry = { mode: stat.mode, ino: stat.ino, changedAtMs: stat.ctimeMs };
  if (!stat.isFile()) return entry;
  return {
    ...entry,
    digest: createHash("sha256")
      .update(await readFile(path))
      .digest("hex"),
  };
}
