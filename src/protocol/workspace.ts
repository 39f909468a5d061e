import { z } from "zod";

import { LIMITS } from "./limits.js";
import { absolutePath, text } from "./shapes.js";

/** The name of a branch, or of what one begins at. git has the last word; nothing here is ever taken for an option. */
const revision = z
  .string()
  .max(LIMITS.labelLength)
  .regex(/^(?!-)[^\s\p{Cc}~^:?*[\\]+$/u, "expected a name that git takes for a branch, a tag or a commit");

/** What becomes of a workspace when its session is deleted; with `never`, when it ends. */
const keep = z.enum(["always", "never", "if_dirty"]);

const requested = {
  /** Where it is to lie: a path at which nothing is. A folder of the daemon's own if absent. */
  path: absolutePath.optional(),
  keep: keep.default("if_dirty"),
};

/** A workspace as `session/create` is asked for it. */
export const workspaceRequest = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("folder"), ...requested }),
  z.strictObject({
    kind: z.literal("worktree"),
    /** A folder in a git repository; the session's `workingDirectory` if absent. */
    repository: absolutePath.optional(),
    /** The branch of the worktree, made where it is not there; `sessiond/<session id>` if absent. */
    branch: revision.optional(),
    /** What a new branch begins at; where the repository stands if absent. */
    base: revision.optional(),
    ...requested,
  }),
]);

/** A folder or git worktree of a session's own. */
export const workspace = z.strictObject({
  kind: z.enum(["folder", "worktree"]),
  path: absolutePath,
  /** Of a worktree. */
  repository: absolutePath.optional(),
  branch: z.string().optional(),
  keep,
  /** What became of it when the session ended, with `keep: "never"`. */
  released: z.strictObject({ outcome: z.enum(["removed", "kept"]), reason: text.optional() }).optional(),
});
