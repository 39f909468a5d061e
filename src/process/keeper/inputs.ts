import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { writeFileAtomic } from "../../disk/atomic.js";
import { ensurePrivateFolder, syncFolder } from "../../disk/folder.js";
import type { IntentInputs } from "./intent.js";

const NAME = "inputs";

/**
 * Keeps what a further try needs and nobody else has, in a folder that is made for it, for a command that is to be tried
 * again where it is lost. Synced: unlike an intent, it is wanted after a crash of the machine too.
 *
 * @throws Node's own errors
 */
export async function keepInputs(folder: string, { env, stdin }: IntentInputs): Promise<void> {
  await ensurePrivateFolder(folder);
  await writeFileAtomic(join(folder, NAME), JSON.stringify({ env, stdin }));
  await syncFolder(dirname(folder));
}

/** What was kept in a folder; undefined where nothing was. */
export async function readInputs(folder: string): Promise<IntentInputs | undefined> {
  try {
    const { env, stdin } = JSON.parse(await readFile(join(folder, NAME), "utf8")) as IntentInputs;
    return { env, stdin };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}
