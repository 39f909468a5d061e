import { z } from "zod";

import { jsonObject } from "./json.js";
import { LIMITS } from "./limits.js";
import { durationMs, label, time } from "./shapes.js";

/** The levels at which is written, least important first. */
export const logLevel = z.enum(["trace", "debug", "info", "warn", "error"]);
/** The levels of lines that are read: `fatal` is the daemon's own last word. */
const logLineLevel = z.enum([...logLevel.options, "fatal"]);

/** A dotted name of what happened: `operation.started`. */
const eventName = z
  .string()
  .regex(/^[a-z0-9_]+(?:[.-][a-z0-9_]+)*$/, "expected a name such as operation.started")
  .max(LIMITS.labelLength);

const words = {
  /** Which part of a program says it; dots part it further: `analyzer.parser`. */
  component: label.optional(),
  /** The operation in which it was said, and the one in which that was begun. */
  operationId: label.optional(),
  parentOperationId: label.optional(),
  requestId: label.optional(),
  event: eventName.optional(),
  durationMs: z.number().min(0).max(LIMITS.durationMs).optional(),
  /** An error: its type, message, stack and whatever else it holds. */
  err: jsonObject.optional(),
  /** Everything else. What looks like a secret by its name is not written. */
  fields: jsonObject.optional(),
};

const message = z.string().max(LIMITS.logMessageLength);

/** One line as it is written. */
export const logEntry = z.strictObject({
  level: logLevel.default("info"),
  message,
  /** When it happened, where that was earlier than the call. */
  at: time.optional(),
  ...words,
});

/** The same without its message, for a call that writes one line: it has `entries` or a message. */
export const singleEntry = { ...logEntry.shape, message: message.optional() };

/** One line as it is read. */
export const logLine = z.strictObject({
  at: time,
  level: logLineLevel,
  message: z.string(),
  sessionId: z.string().optional(),
  component: z.string().optional(),
  operationId: z.string().optional(),
  parentOperationId: z.string().optional(),
  requestId: z.string().optional(),
  event: z.string().optional(),
  durationMs: z.number().optional(),
  err: jsonObject.optional(),
  fields: jsonObject.optional(),
});

/** How long a following `log/tail` is held at most. */
export const tailTimeoutMs = durationMs.max(LIMITS.logTailMs).default(20_000);
