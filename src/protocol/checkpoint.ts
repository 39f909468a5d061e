import { z } from "zod";

import { sessionStatus } from "./session.js";
import { count, id, label, seq, time } from "./shapes.js";

/** A checkpoint of a session as it is listed; what it keeps stays on disk. */
export const checkpoint = z.strictObject({
  checkpointId: id,
  label: label.optional(),
  /** Made by a restore, so that it can be undone: the newest few are kept. */
  automatic: z.boolean(),
  createdAt: time,
  /** Number of the event that made it. */
  seq,
  /** What the session was then. */
  status: sessionStatus,
  /** Messages of its conversation then. */
  messages: count,
  /** Of what it keeps, as JSON. */
  sizeBytes: count,
});
