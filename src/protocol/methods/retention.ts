import { z } from "zod";

import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import { count, durationMs, id } from "../shapes.js";

/** The first so many; the count beside it has all of them. */
const first = z.array(id).max(LIMITS.pageItems);

export const retention = {
  "retention/run": method({
    summary:
      "Archives sessions that ended long ago, and deletes archived ones that ended longer ago. Sessions that have not " +
      "ended are never touched. What a run archives, no run before the next one deletes.",
    params: z.strictObject({
      /** Counted from the end of a session; 0 is never. The daemon's setting where it is left out. */
      archiveAfterMs: durationMs.optional(),
      /** The same, for archived sessions. */
      deleteAfterMs: durationMs.optional(),
      /** Only says what would go. */
      dryRun: z.boolean().default(false),
    }),
    result: z.strictObject({
      archivedCount: count,
      deletedCount: count,
      archived: first,
      deleted: first,
      dryRun: z.boolean(),
    }),
    errors: ["shutting_down"],
    access: "write",
    durable: true,
  }),
};
