import { z } from "zod";

import { json } from "./json.js";
import { usage } from "./session.js";
import { absolutePath, durationMs, id, label, seq, text, time } from "./shapes.js";

/** The ways in which an invocation ends by whoever made it. */
export const invocationOutcome = z.enum(["succeeded", "failed", "cancelled"]);

/** Where an invocation stands; `abandoned` is one whose session ended before anybody said how it went. */
export const invocationStatus = z.enum(["running", ...invocationOutcome.options, "abandoned"]);

/** What an invocation cost, beside its tool and its duration. */
export const invocationUsage = usage.omit({ tool: true, durationMs: true });

/** One use of a tool in a session. */
export const invocation = z.strictObject({
  invocationId: id,
  sessionId: id,
  tool: label,
  status: invocationStatus,
  /** What the tool was asked, where it is small; what is large lies in the tool's own folder. */
  input: json.optional(),
  /** What it answered, likewise. */
  output: json.optional(),
  /** What went wrong. */
  error: text.optional(),
  /** The tool's own folder or file for it. It is linked to and never opened. */
  path: absolutePath.optional(),
  /** The message of the conversation that asked for it. */
  messageId: id.optional(),
  usage: invocationUsage.optional(),
  startedAt: time,
  endedAt: time.optional(),
  /** Absent while it runs, and where it ran elsewhere and nobody said. */
  durationMs: durationMs.optional(),
  /** Number of the newest event about it. */
  seq,
});

/** The same as the data of an event, which has the session and the number beside it. */
export const invocationData = invocation.omit({ sessionId: true, seq: true });
