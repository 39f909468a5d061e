import { writeSync } from "node:fs";

import type { Places } from "../config/places.js";
import { VERSION } from "../version.js";
import { EXIT } from "./exitCodes.js";

/**
 * Keeps daemons out of a data folder while something is done to it without one. Makes the folder where it is missing.
 *
 * @param what is done, for the message when somebody takes the folder from under us.
 * @throws DataFolderBusyError where somebody has it
 */
export async function holdDataFolder(places: Places, what: string): Promise<{ release(): Promise<void> }> {
  const { acquireDataLock } = await import("../daemon.js");
  const { dataDir, lockFile, ownerFile, socket } = places;
  const onCompromised = (error: Error): void => endAtOnce(error, what);
  return acquireDataLock({ dataDir, lockFile, ownerFile, socket, version: VERSION, onCompromised });
}

/** Somebody took the folder from under us, so nothing more may be written. */
function endAtOnce(error: Error, what: string): void {
  try {
    writeSync(2, `sessiond: ${error.message}\n  The ${what} stops at once; start it again.\n`);
  } finally {
    process.exit(EXIT.failure);
  }
}
