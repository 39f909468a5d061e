import { readdir, stat } from "node:fs/promises";

import { undefinedIfOutOfReach } from "./proc.js";

/** Whether a process has one of these files open, whatever they are called by now; false where that cannot be seen. */
export async function hasOneOpen(pid: number, paths: readonly string[]): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const [names, ...wanted] = await Promise.all([
    readdir(folder).catch(undefinedIfOutOfReach),
    ...paths.map(identify),
  ]);
  for (const name of names ?? []) {
    const found = await identify(`${folder}/${name}`);
    if (found !== undefined && wanted.includes(found)) return true;
  }
  return false;
}

async function identify(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(undefinedIfOutOfReach);
  return found && `${found.dev}:${found.ino}`;
}
