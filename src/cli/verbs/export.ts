import { resolve } from "node:path";

import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes, counted } from "../humane.js";
import { findSession } from "../sessionRef.js";

/** Writes one session into a new file; fails where not all of its activities could be read. */
export const exportSession: Verb<object> = async (context, _, [given = "", file]) => {
  const result = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    // The daemon may have been started anywhere: the file is meant as seen from here.
    return client.session.export({ sessionId, path: resolve(file ?? `session_${sessionId}.json`) });
  });
  const { path, sizeBytes, activities, damaged } = result;
  const lost =
    damaged === 0 ? "" : `${counted(damaged, "damaged activity", "damaged activities")} could not be read.\n`;
  await context.print(
    result,
    () =>
      `exported to ${path}: ${counted(activities, "activity", "activities")}, ${bytes(sizeBytes)}\n${lost}`,
  );
  return damaged === 0 ? EXIT.ok : EXIT.failure;
};
