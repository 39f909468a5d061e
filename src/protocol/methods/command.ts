import { z } from "zod";

import { command as commandShape, commandRequest, commandStatus, signalName } from "../command.js";
import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import {
  count,
  durationMs,
  id,
  idempotencyKey,
  leaseToken,
  listOf,
  page,
  seq,
  sessionWrite,
} from "../shapes.js";

const start = z.strictObject({ ...commandRequest, ...sessionWrite });
const startErrors = ["session_not_found", "session_not_active", "command_exists", "limit_reached"] as const;
const accepted = z.strictObject({ ...commandShape.shape, seq });

export const command = {
  "command/start": method({
    summary: "Starts a command in a session and answers as soon as it is accepted.",
    params: start,
    result: accepted,
    errors: startErrors,
    access: "write",
    durable: true,
  }),
  "command/run": method({
    summary:
      "Starts a command and answers when it has ended, retries included. Its key counts on acceptance.",
    params: start,
    result: commandShape,
    errors: startErrors,
    access: "write",
    durable: true,
  }),
  "command/wait": method({
    summary: "Answers when the command has ended, or, after timeoutMs, as it is then.",
    get params() {
      return z.strictObject({ commandId: id, timeoutMs: durationMs.max(LIMITS.waitMs).optional() });
    },
    result: commandShape,
    errors: ["command_not_found"],
    access: "read",
    durable: false,
  }),
  "command/get": method({
    summary: "Answers one command.",
    get params() {
      return z.strictObject({ commandId: id });
    },
    result: commandShape,
    errors: ["command_not_found"],
    access: "read",
    durable: false,
  }),
  "command/list": method({
    summary: "Lists the commands of a session, or of all, newest first.",
    get params() {
      return z.strictObject({
        sessionId: id.optional(),
        status: z.enum([...commandStatus.options, "ended"]).optional(),
        ...page,
      });
    },
    get result() {
      return listOf(commandShape);
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "command/signal": method({
    summary:
      "Sends a signal to a command's process group. One that asks it to end also ends its retries, and is the only " +
      "kind that is taken between two tries; with graceMs, SIGKILL follows for what is left by then.",
    get params() {
      return z.strictObject({
        commandId: id,
        signal: signalName.default("SIGTERM"),
        graceMs: durationMs.optional(),
        lease: leaseToken.optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    get result() {
      return z.strictObject({ ...commandShape.shape, seq });
    },
    errors: ["command_not_found", "invalid_transition"],
    access: "write",
    durable: true,
  }),
  "command/write": method({
    summary:
      "Gives a command that was started with openStdin a piece of its standard input, and ends it with eof. Answers how " +
      "far it came: as long as the command does not read, up to timeoutMs.",
    get params() {
      return z.strictObject({
        commandId: id,
        data: z.string().max(LIMITS.inputLength).default(""),
        encoding: z.enum(["utf8", "base64"]).default("utf8"),
        /**
         * Where in the whole of the input the data begins; what was given already is not given again, so a call that names
         * it may be repeated. Without it the data comes behind what was given.
         */
        offsetBytes: count.optional(),
        /** Nothing will follow: the command sees the end of its input behind the data. */
        eof: z.boolean().default(false),
        /** How long the call is held at most, while the command does not read. */
        timeoutMs: durationMs.max(LIMITS.waitMs).default(20_000),
        lease: leaseToken.optional(),
      });
    },
    get result() {
      return z.strictObject({
        /** How much the command was given in all: where the next call goes on. */
        nextBytes: count,
        /** The command was told the end of its input. */
        ended: z.boolean(),
      });
    },
    errors: ["command_not_found", "input_closed", "invalid_params"],
    access: "write",
    durable: false,
  }),
  "command/output": method({
    summary:
      "Reads a command's output from a byte on; with follow, waits until there is more or it has ended.",
    get params() {
      return z.strictObject({
        commandId: id,
        stream: z.enum(["stdout", "stderr"]).default("stdout"),
        sinceBytes: count.default(0),
        limitBytes: z.int().min(4).max(LIMITS.outputBytes).default(65_536),
        follow: z.boolean().default(false),
        /** How long a following call is held at most. */
        timeoutMs: durationMs.max(LIMITS.waitMs).default(20_000),
        encoding: z.enum(["utf8", "base64"]).default("utf8"),
      });
    },
    get result() {
      return z.strictObject({
        output: z.string(),
        /** Where the next call goes on. */
        nextBytes: count,
        sizeBytes: count,
        /** Nothing will follow: the command has ended and everything was read. */
        ended: z.boolean(),
      });
    },
    errors: ["command_not_found", "content_damaged"],
    access: "read",
    durable: false,
  }),
};
