import { redactEnvironment } from "../../process/environment.js";
import { isEnded, type Session } from "../../session/state.js";
import type { ActivityBody } from "../bodyOf.js";
import type { BodyPage } from "../bodyPage.js";
import { showTime, withoutUndefined } from "../show/session.js";

/** The status in the words of the files: how a session ended stands beside it, as `end_status`. */
function statusInFile({ status, archivedAt }: Session): "active" | "paused" | "ended" | "archived" {
  if (archivedAt !== undefined) return "archived";
  return isEnded(status) ? "ended" : (status as "active" | "paused");
}

/** What the registry says of a session. */
export function registryEntry(session: Session): object {
  return {
    created_at: showTime(session.createdAt),
    status: statusInFile(session),
    timeout_seconds: session.config.idleTimeoutMs / 1_000,
  };
}

/**
 * A session as its file for people shows it, but for its activities: first what the documented shape has, then
 * what there is beside that. Nothing in it depends on when it was written, so a file can be held against it.
 */
export function sessionInFile(session: Session): Readonly<Record<string, unknown>> {
  const { status, endedAt, archivedAt, commands, invocations, totals } = session;
  return withoutUndefined({
    session_id: session.sessionId,
    created_at: showTime(session.createdAt),
    last_activity: showTime(session.lastActivityAt),
    status: statusInFile(session),
    timeout_seconds: session.config.idleTimeoutMs / 1_000,
    metadata: session.metadata,
    name: session.name,
    purpose: session.purpose,
    description: session.description,
    user_id: session.userId,
    parent_id: session.parentId,
    working_directory: session.workingDirectory,
    tags: session.tags,
    updated_at: showTime(session.updatedAt),
    end_status: isEnded(status) ? status : undefined,
    ended_at: endedAt === undefined ? undefined : showTime(endedAt),
    end_reason: session.endReason,
    archived_at: archivedAt === undefined ? undefined : showTime(archivedAt),
    deleted_at: session.deletedAt === undefined ? undefined : showTime(session.deletedAt),
    pinned: session.pinned ? true : undefined,
    created_seq: session.createdSeq,
    environment: redactEnvironment(session.environment),
    config: snakeCase(session.config),
    commands,
    invocations,
    totals: {
      invocations: totals.invocations,
      duration_ms: totals.durationMs,
      tools_used: totals.toolsUsed,
      token_usage: totals.tokenUsage,
      estimated_cost_usd: totals.estimatedCostUsd,
    },
    message_count: session.conversation.count,
    activity_count: session.activities,
  });
}

/** A session as its `metadata.json` shows it, in the words of programs that link what tools did to sessions. */
export function metadataInFile(session: Session): object {
  const { totals } = session;
  return withoutUndefined({
    session_id: session.sessionId,
    created_at: showTime(session.createdAt),
    updated_at: showTime(session.updatedAt),
    status: session.status,
    user_id: session.userId,
    purpose: session.purpose,
    tags: session.tags,
    total_invocations: totals.invocations,
    total_duration_ms: totals.durationMs,
    tools_used: Object.keys(totals.toolsUsed),
    estimated_cost: totals.estimatedCostUsd,
    token_usage: totals.tokenUsage,
    custom_metadata: session.metadata,
  });
}

/** Characters of the activities in one file, about: it is read and written in one go. */
const LOG_LENGTH = 512 * 1024;

/**
 * The newest activities, oldest first as the file has them: those of a page that was read newest first. One that
 * is damaged is left out here; `session/activities` tells of it.
 */
export function activityLog(page: BodyPage<ActivityBody>, upToSeq: number): object[] {
  const log: object[] = [];
  let length = 0;
  for (const item of page.items) {
    if ("damaged" in item || item.seq > upToSeq) continue;
    length += JSON.stringify(item).length;
    if (length > LOG_LENGTH) break;
    log.push(activityInFile(item));
  }
  return log.toReversed();
}

/** An activity as it stands in the file of its session. */
export function activityInFile({ kind, action, at, details, usage }: ActivityBody): object {
  return withoutUndefined({
    kind,
    action,
    timestamp: showTime(at),
    details,
    usage: usage === undefined ? undefined : snakeCase(usage),
  });
}

/** Settings with their names as the files have them; nothing in settings is named by a caller. */
function snakeCase(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      snakeCase(item),
    ]),
  );
}
