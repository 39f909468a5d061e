import { z } from "zod";

import { method } from "../method.js";
import { writtenSession } from "../session.js";
import { absolutePath, count, id, idempotencyKey, label, seq } from "../shapes.js";

/** What makes a session out of another one, or out of a file, and a file out of a session. */
export const sessionCopies = {
  "session/clone": method({
    summary:
      "Creates a session as a copy of another one, its parent, in whatever status that is. It begins with its settings, " +
      "its environment and its conversation, or that up to a message; what the parent did and used is not the clone's.",
    get params() {
      return z.strictObject({
        sessionId: id,
        /** The id of the clone. */
        newSessionId: id.optional(),
        /** That of the parent where it is left out. */
        name: label.optional(),
        /** What is copied beside the texts: everything where it is left out. */
        include: z
          .array(z.enum(["conversation", "config", "environment", "metadata", "tags", "workingDirectory"]))
          .optional(),
        /** The last message that is copied, by its id or its index. */
        throughMessage: z.union([id, z.int().min(1)]).optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    get result() {
      return z.strictObject({
        ...writtenSession.shape,
        /** How many messages could not be read, and so are not in it. */
        damaged: count,
      });
    },
    errors: ["session_not_found", "session_exists", "message_not_found", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "session/import": method({
    summary:
      "Takes over sessions from files that session/export wrote, or in the documented shape: a folder with such " +
      "session_* files, or one file. Each session comes as a whole or not at all; files that are damaged, newer or of no such shape are skipped, with the reason.",
    get params() {
      return z.strictObject({
        /** A folder with `session_*` files, perhaps a `registry.json` and an `archive/`; or one file of any name. */
        path: absolutePath,
        /** Where the id is taken: import nothing at all, take the next free id, or keep what is there. */
        onConflict: z.enum(["refuse", "rename", "keep"]).default("refuse"),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    get result() {
      return z.strictObject({
        imported: z.array(
          z.strictObject({
            sessionId: id,
            /** The id in the file, where it was taken. */
            renamedFrom: id.optional(),
            /** How many of its commands got a free id, like theirs, since theirs was taken. */
            renamedCommands: z.int().min(1).optional(),
            /** Fields of the file that mean nothing here, or have no value in it. */
            ignored: z.array(z.string()).optional(),
          }),
        ),
        skipped: z.array(z.strictObject({ file: z.string(), reason: z.string() })),
        seq,
      });
    },
    errors: ["session_exists", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "session/export": method({
    summary:
      "Writes one session into a new file, which session/import takes. The ending of its name says how: .jsonl, " +
      "or compressed .jsonl.gz, is everything, with a checksum; any other is the documented shape, with all of its " +
      "activities. What looks like a secret in its environment is left out or redacted.",
    get params() {
      return z.strictObject({
        sessionId: id,
        /** A file that is not there yet, in a folder that is, outside of the data folder. */
        path: absolutePath,
        /** Only for a file that has everything: the whole environment, as it is. */
        includeSecrets: z.boolean().default(false),
      });
    },
    get result() {
      return z.strictObject({
        path: absolutePath,
        sizeBytes: z.int().nonnegative(),
        /** How many are in the file. */
        activities: z.int().nonnegative(),
        /** The documented shape has none. */
        messages: z.int().nonnegative(),
        /** How many could not be read, and so are not in it. */
        damaged: z.int().nonnegative(),
      });
    },
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "session/transfers": method({
    summary: "Lists the exports, imports and clones that are under way, and how far each has come.",
    get params() {
      return z.strictObject({});
    },
    get result() {
      return z.strictObject({
        items: z.array(
          z.strictObject({
            kind: z.enum(["export", "import", "clone"]),
            /** The file that is written or read. */
            path: absolutePath.optional(),
            /** The session that is exported or cloned. */
            sessionId: id.optional(),
            done: count,
            total: count,
            /** What is counted. */
            unit: z.enum(["items", "bytes"]),
          }),
        ),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
};
