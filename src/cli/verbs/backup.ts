import { resolve } from "node:path";

import { NotRunningError } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes, counted, duration } from "../humane.js";

/** Has the daemon copy everything into a folder. It takes as long as it takes; the daemon goes on meanwhile. */
export const backup: Verb<object> = async (context, _, [given = ""]) => {
  // The daemon may have been started anywhere: the folder is meant as seen from here.
  const path = resolve(given);
  const result = await context
    .withClient((client) => client.daemon.backup({ path }))
    .catch((error: unknown) => {
      throw error instanceof NotRunningError ? notRunning(error.socket) : error;
    });
  const { seq, sizeBytes, fileCount, durationMs } = result;
  await context.print(
    result,
    () =>
      `Everything up to event ${seq} is in ${path}: ${counted(fileCount, "file")}, ${bytes(sizeBytes)}, ` +
      `in ${duration(durationMs)}.\n`,
  );
  return EXIT.ok;
};

function notRunning(socket: string): CliError {
  return new CliError(`No daemon answers on ${socket}, and it is the daemon that makes the backup.`, {
    type: "not_running",
    exitCode: EXIT.unavailable,
    hint: "start it with: sessiond start; while none runs, a copy of the whole data folder is as good",
  });
}
