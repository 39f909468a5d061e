import { z } from "zod";

import { json, jsonObject } from "../json.js";
import { LIMITS } from "../limits.js";
import { method } from "../method.js";
import {
  activity,
  activityKind,
  damagedItem,
  endedStatus,
  session as sessionShape,
  sessionConfigPatch,
  sessionStats,
  sessionStatus,
  usage,
  writtenSession,
} from "../session.js";
import {
  absolutePath,
  environment,
  id,
  idempotencyKey,
  label,
  listOf,
  page,
  sessionWrite,
  tags,
  text,
  time,
  written,
} from "../shapes.js";
import { workspaceRequest } from "../workspace.js";

const one = { sessionId: id };
const write = sessionWrite;
const descriptive = {
  workingDirectory: absolutePath,
  tags,
  metadata: jsonObject,
  environment,
  config: sessionConfigPatch,
};

export const session = {
  "session/create": method({
    summary: "Creates a session and answers it.",
    get params() {
      return z.strictObject({
        sessionId: id.optional(),
        name: label.optional(),
        purpose: text.optional(),
        description: text.optional(),
        userId: label.optional(),
        parentId: id.optional(),
        /** What it is born with where this call does not say otherwise; tags, metadata and so on are merged. */
        template: id.optional(),
        ...z.strictObject(descriptive).partial().shape,
        /** A folder or git worktree of its own, made before the session is there; it becomes its working directory. */
        workspace: workspaceRequest.optional(),
        idempotencyKey: idempotencyKey.optional(),
      });
    },
    result: writtenSession,
    errors: [
      "session_exists",
      "session_not_found",
      "template_not_found",
      "limit_reached",
      "workspace_failed",
    ],
    access: "write",
    durable: true,
  }),
  "session/get": method({
    summary: "Answers one session.",
    get params() {
      return z.strictObject(one);
    },
    result: sessionShape,
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
  "session/list": method({
    summary: "Lists sessions, newest first unless asked otherwise. Filters apply before the limit.",
    get params() {
      return z.strictObject({
        /** `ended` means any of the four ended ones, `archived` and `trashed` those that were put there. */
        status: z.enum([...sessionStatus.options, "ended", "archived", "trashed"]).optional(),
        userId: label.optional(),
        /** All of them. */
        tags: tags.optional(),
        name: label.optional(),
        workingDirectory: absolutePath.optional(),
        parentId: id.optional(),
        /** Created at or after, and before. */
        since: time.optional(),
        until: time.optional(),
        /** Words that all stand in name, purpose, description or tags, in any case. */
        query: z.string().max(LIMITS.labelLength).optional(),
        pinned: z.boolean().optional(),
        /** Archived sessions are listed where they are asked for, and so are those in the trash. */
        includeArchived: z.boolean().default(false),
        includeTrashed: z.boolean().default(false),
        order: z.enum(["newest", "oldest", "recent"]).default("newest"),
        ...page,
      });
    },
    get result() {
      return listOf(sessionShape);
    },
    errors: [],
    access: "read",
    durable: false,
  }),
  "session/update": method({
    summary: "Changes what is given; null removes a text. Metadata is merged, config too.",
    get params() {
      return z.strictObject({
        ...write,
        name: label.nullable().optional(),
        purpose: text.nullable().optional(),
        description: text.nullable().optional(),
        userId: label.nullable().optional(),
        ...z.strictObject(descriptive).partial().shape,
      });
    },
    result: writtenSession,
    errors: ["session_not_found", "session_not_active", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "session/touch": method({
    summary: "Counts as activity: the idle time starts anew.",
    get params() {
      return z.strictObject(write);
    },
    result: written,
    errors: ["session_not_found", "session_not_active"],
    access: "write",
    durable: true,
  }),
  "session/pause": method({
    summary: "Pauses a session: it takes no work, and neither idles out nor needs heartbeats.",
    get params() {
      return z.strictObject({ ...write, reason: text.optional() });
    },
    result: writtenSession,
    errors: ["session_not_found", "invalid_transition"],
    access: "write",
    durable: true,
  }),
  "session/resume": method({
    summary: "Makes a paused session active again. Resuming an active one changes nothing.",
    get params() {
      return z.strictObject(write);
    },
    result: writtenSession,
    errors: ["session_not_found", "invalid_transition"],
    access: "write",
    durable: true,
  }),
  "session/end": method({
    summary:
      "Ends a session; its running commands are stopped. Ending it again in the same way changes nothing.",
    get params() {
      return z.strictObject({
        ...write,
        status: endedStatus.exclude(["timed_out"]).default("completed"),
        reason: text.optional(),
      });
    },
    result: writtenSession,
    errors: ["session_not_found", "invalid_transition"],
    access: "write",
    durable: true,
  }),
  "session/heartbeat": method({
    summary: "Says that somebody still cares. Not journaled: only what a missing one decides is.",
    get params() {
      return z.strictObject(one);
    },
    get result() {
      return z.strictObject({ status: sessionStatus });
    },
    errors: ["session_not_found", "session_not_active"],
    access: "read",
    durable: false,
  }),
  "session/record": method({
    summary: "Records an activity in the audit trail, with what it cost where that is known.",
    get params() {
      return z.strictObject({
        ...write,
        /** What it tells: that something happened, went wrong, or was decided. */
        kind: activityKind.optional(),
        action: label,
        details: json.optional(),
        usage: usage.optional(),
      });
    },
    result: written,
    errors: ["session_not_found", "session_not_active", "limit_reached"],
    access: "write",
    durable: true,
  }),
  "session/activities": method({
    summary:
      "Lists the activities of a session, newest first unless asked otherwise. Filters apply before the limit.",
    get params() {
      return z.strictObject({
        ...one,
        kind: activityKind.optional(),
        action: label.optional(),
        /** At or after, and before. */
        since: time.optional(),
        until: time.optional(),
        order: z.enum(["newest", "oldest"]).default("newest"),
        ...page,
      });
    },
    get result() {
      return listOf(z.union([activity, damagedItem]));
    },
    errors: ["session_not_found", "content_damaged"],
    access: "read",
    durable: false,
  }),
  "session/stats": method({
    summary: "Figures of one session: durations, counts, totals, and what is left of its limits.",
    get params() {
      return z.strictObject(one);
    },
    result: sessionStats,
    errors: ["session_not_found"],
    access: "read",
    durable: false,
  }),
};
