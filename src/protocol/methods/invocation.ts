import { z } from "zod";

import {
  invocation as invocationShape,
  invocationOutcome,
  invocationStatus,
  invocationUsage,
} from "../invocation.js";
import { method } from "../method.js";
import { damagedItem } from "../session.js";
import {
  durationMs,
  id,
  idempotencyKey,
  label,
  leaseToken,
  listOf,
  page,
  sessionWrite,
  time,
} from "../shapes.js";

const { input, output, error, path, messageId } = invocationShape.shape;

export const invocation = {
  "invocation/start": method({
    summary: "Records that a tool is being used in a session; `invocation/finish` says how that went.",
    get params() {
      return z.strictObject({
        ...sessionWrite,
        tool: label,
        invocationId: id.optional(),
        input,
        path,
        messageId,
      });
    },
    result: invocationShape,
    errors: ["session_not_found", "session_not_active", "invocation_exists", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "invocation/finish": method({
    summary: "Records how an invocation ended. Its duration counts from its start unless it is given.",
    get params() {
      return z.strictObject({
        invocationId: id,
        lease: leaseToken.optional(),
        status: invocationOutcome,
        durationMs: durationMs.optional(),
        output,
        error,
        usage: invocationUsage.optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    result: invocationShape,
    errors: ["invocation_not_found", "invalid_transition", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "invocation/link": method({
    summary:
      "Records an invocation as a whole that ran elsewhere, with a link to the tool's own folder for it.",
    get params() {
      return z.strictObject({
        ...sessionWrite,
        tool: label,
        invocationId: id.optional(),
        status: invocationOutcome.default("succeeded"),
        input,
        output,
        error,
        path,
        messageId,
        /** When it began; one in the future counts as now. */
        startedAt: time.optional(),
        durationMs: durationMs.optional(),
        usage: invocationUsage.optional(),
      });
    },
    result: invocationShape,
    errors: ["session_not_found", "session_not_active", "invocation_exists", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "invocation/get": method({
    summary: "Answers one invocation. One that is over for long is found by its session's id beside its own.",
    get params() {
      return z.strictObject({ invocationId: id, sessionId: id.optional() });
    },
    result: invocationShape,
    errors: ["invocation_not_found", "session_not_found", "content_damaged"],
    access: "read",
    durable: false,
  }),
  "invocation/list": method({
    summary: "Lists the invocations of a session by their ends, those that run as the newest.",
    get params() {
      return z.strictObject({
        sessionId: id,
        status: invocationStatus.optional(),
        tool: label.optional(),
        order: z.enum(["newest", "oldest"]).default("newest"),
        ...page,
      });
    },
    get result() {
      return listOf(z.union([invocationShape, damagedItem]));
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
};
