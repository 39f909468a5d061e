import type { StagedBodies } from "../../content/bodyStore.js";
import type { SessionFile } from "../../protocol/sessionFile.js";
import type { SessionConfigShape } from "../../protocol/types.js";
import type { Command } from "../../session/commands.js";
import { mergeSettings } from "../../session/settings.js";
import { isEnded, type Session } from "../../session/state.js";

type ImportCommand = Extract<Command, { type: "session/import" }>;

/** A file of either kind, as what is asked of the state machine. */
export interface ReadImport {
  readonly command: ImportCommand;
  /** Fields of the file that mean nothing here. */
  readonly ignored: readonly string[];
  /** How many of its commands get another id than in the file. */
  readonly renamedCommands?: number;
  /** What comes with it beside the session itself, where its file has everything. */
  readonly folder?: Pick<StagedBodies, "discard"> | undefined;
}

/** How far ahead of this one the clock may have been that the file was written by. */
const CLOCKS_APART_MS = 86_400_000;

export interface ImportSurroundings {
  readonly nowMs: number;
  /** The settings of a session that says nothing about them. */
  readonly defaults: SessionConfigShape;
  /** The file lies in the archive, or the registry says that it belongs there. */
  readonly isArchived: boolean;
}

/** The command that takes a session over from its file; or what is wrong with it, and in which field. */
export function commandOfFile(
  file: SessionFile,
  { nowMs, defaults, isArchived }: ImportSurroundings,
): ImportCommand | { readonly fault: string } {
  const activities = file.activity_log ?? [];
  const createdAt = file.created_at;
  const lastActivityAt =
    file.last_activity ?? Math.max(createdAt, ...activities.slice(-1).map(({ timestamp }) => timestamp));
  const future = faultOfFuture({ createdAt, lastActivityAt }, nowMs);
  if (future !== undefined) return { fault: future };
  if (lastActivityAt < createdAt) return { fault: "last_activity: it lies before created_at" };
  const { timeout_seconds: timeout } = file;
  const idle = timeout === undefined ? {} : { idleTimeoutMs: Math.round(timeout * 1_000) };
  return {
    type: "session/import",
    sessionId: file.session_id,
    name: file.name ?? undefined,
    purpose: file.purpose ?? undefined,
    description: file.description ?? undefined,
    userId: file.user_id ?? undefined,
    parentId: undefined,
    workingDirectory: file.working_directory ?? undefined,
    tags: file.tags ?? [],
    metadata: file.metadata ?? {},
    environment: {},
    config: mergeSettings(defaults, idle),
    createdAt,
    lastActivityAt,
    ...endOf(file, lastActivityAt, isArchived || file.status === "archived"),
    activities: activities.map(({ kind, action, timestamp, details }) => ({
      at: timestamp,
      kind: kind ?? undefined,
      action,
      details: details ?? undefined,
    })),
  };
}

/** What is wrong with times that lie further ahead than clocks are apart, if anything. */
export function faultOfFuture(
  { createdAt, lastActivityAt }: Pick<Session, "createdAt" | "lastActivityAt">,
  nowMs: number,
): string | undefined {
  if (createdAt > nowMs + CLOCKS_APART_MS) return "created_at: it lies in the future";
  if (lastActivityAt > nowMs + CLOCKS_APART_MS) return "last_activity: it lies in the future";
  return undefined;
}

/** How a session ended, as far as its file tells; one that says no more than "ended" was completed. */
function endOf(
  file: SessionFile,
  lastActivityAt: number,
  isArchived: boolean,
): Pick<Session, "status" | "endedAt" | "endReason" | "archivedAt"> {
  const status = statusOf(file, isArchived);
  if (!isEnded(status)) return { status, endedAt: undefined, endReason: undefined, archivedAt: undefined };
  const endedAt = file.ended_at ?? lastActivityAt;
  const archivedAt = isArchived ? (file.archived_at ?? endedAt) : undefined;
  return { status, endedAt, endReason: file.end_reason ?? undefined, archivedAt };
}

function statusOf({ status, end_status: endStatus }: SessionFile, isArchived: boolean): Session["status"] {
  if (status === "ended" || status === "archived") return endStatus ?? "completed";
  if (isArchived && !isEnded(status)) return endStatus ?? "completed";
  return status;
}
