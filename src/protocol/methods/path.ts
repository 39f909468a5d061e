import { z } from "zod";

import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import { count } from "../shapes.js";

const need = z.enum(["read", "write", "execute", "file", "folder"]);

const finding = () =>
  z.strictObject({
    /** Stable, for programs, such as `restricted`. */
    code: z.string(),
    /** An `error` makes the path invalid; a `warning` is to be looked at. */
    severity: z.enum(["error", "warning"]),
    message: z.string(),
    hint: z.string().optional(),
  });

const git = () =>
  z.strictObject({
    root: z.string(),
    branch: z.string().optional(),
    commit: z.string().optional(),
    /** Something is there that is not committed, and not ignored. */
    isDirty: z.boolean(),
    upstream: z.strictObject({ name: z.string(), ahead: count, behind: count }).optional(),
    /** A worktree beside the repository's own. */
    isWorktree: z.boolean(),
  });

const validated = () =>
  z.strictObject({
    path: z.string(),
    /** No finding is an error. */
    valid: z.boolean(),
    findings: z.array(finding()),
    /** Left out, with all that follows from it, where no disk was looked at: for another platform, or no whole path. */
    exists: z.boolean().optional(),
    isLink: z.boolean().optional(),
    /** Of what a link leads to. */
    kind: z.enum(["file", "folder", "other"]).optional(),
    /** Without links; of what is missing, below the nearest folder that is there. */
    resolvedPath: z.string().optional(),
    /** What the daemon's user may do there; of what is missing, in the nearest folder that is there. */
    permissions: z.strictObject({ read: z.boolean(), write: z.boolean(), execute: z.boolean() }).optional(),
    disk: z.strictObject({ freeBytes: count, totalBytes: count }).optional(),
    git: git().optional(),
    /** The path as it may have been meant, where that is another one. It names another place: for people to agree to. */
    proposal: z.string().optional(),
  });

export const path = {
  "path/validate": method({
    summary:
      "Says of paths whether they can be used: form, existence, kind, rights, restricted places, links, git, free " +
      "space. It never makes anything. With the rules of another platform only the text is looked at.",
    get params() {
      return z.strictObject({
        paths: z.array(z.string().max(LIMITS.argumentLength)).min(1).max(LIMITS.pathsAtOnce),
        /** What each has to be good for; existence is asked for unless it may be missing. */
        need: z.array(need).max(need.options.length).default([]),
        /** It may still have to be made: then the nearest folder that is there has to take it. */
        mayBeMissing: z.boolean().default(false),
        /** By whose rules; those of the daemon's own machine if absent. */
        platform: z.enum(["linux", "macos", "windows"]).optional(),
        /** Whether the state of the repository is asked for that it is in. */
        git: z.boolean().default(true),
        /** Whether a cleaned path is proposed. */
        propose: z.boolean().default(false),
      });
    },
    get result() {
      return z.strictObject({
        /** All of them are. */
        valid: z.boolean(),
        items: z.array(validated()),
      });
    },
    errors: [],
    access: "read",
    durable: false,
  }),
};
