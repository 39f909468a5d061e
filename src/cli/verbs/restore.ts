import { existsSync } from "node:fs";
import { resolve } from "node:path";

import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { holdDataFolder } from "../holdDataFolder.js";
import { bytes, counted } from "../humane.js";
import { settle } from "../whereabouts.js";

interface RestoreOptions {
  readonly replace?: boolean;
  readonly dryRun?: boolean;
}

/** Makes a backup the state of the data folder. Every byte of it is checked before anything is touched. */
export const restore: Verb<RestoreOptions> = async (context, options, [given = ""]) => {
  const { replace = false, dryRun = false } = options;
  const { places } = await settle(context.globals, context.io.env);
  const { dataDir } = places;
  const { readBackup, restoreBackup } = await import("../../daemon.js");
  // A folder that is not there yet has no daemon, and a backup that is of no use must not make it.
  let lock = existsSync(dataDir) ? await holdDataFolder(places, "restore") : undefined;
  try {
    const backup = await readBackup(resolve(given));
    if (!dryRun) lock ??= await holdDataFolder(places, "restore");
    const aside = await restoreBackup(backup, { dataDir, replace, dryRun, nowMs: Date.now() });
    const { seq, createdAt, path, files } = backup;
    const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const restored = {
      isRestored: !dryRun,
      path,
      dataDir,
      seq,
      createdAt,
      sizeBytes,
      fileCount: files.length,
    };
    await context.print({ ...restored, aside }, () => inWords(restored, aside));
    return EXIT.ok;
  } catch (error) {
    throw asCliError(error);
  } finally {
    await lock?.release();
  }
};

interface Restored {
  readonly isRestored: boolean;
  readonly path: string;
  readonly dataDir: string;
  readonly seq: number;
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly fileCount: number;
}

function inWords(restored: Restored, aside: string | undefined): string {
  const { isRestored, path, dataDir, seq, createdAt, sizeBytes, fileCount } = restored;
  const what = `the state of event ${seq}, of ${createdAt}`;
  const size = `${counted(fileCount, "file")}, ${bytes(sizeBytes)}`;
  if (!isRestored) return `${path} is whole: ${what} (${size}). It can be restored to ${dataDir}.\n`;
  const kept = aside === undefined ? "" : `What was there is kept in ${aside}.\n`;
  return `Restored ${what}, to ${dataDir} (${size}).\n${kept}Start it with: sessiond start\n`;
}

/** By its name: the class comes with a room that is loaded late. */
function asCliError(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== "BackupError") return error;
  const { message, type, hint } = error as Error & { readonly type: string; readonly hint: string };
  return new CliError(message, { type, hint, exitCode: EXIT.failure });
}
