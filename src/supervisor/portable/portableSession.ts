import { redactEnvironment } from "../../process/environment.js";
import type { PortableSession } from "../../protocol/portableFile.js";
import type { SessionConfigShape } from "../../protocol/types.js";
import type { Command } from "../../session/commands.js";
import { mergeSettings } from "../../session/settings.js";
import type { Session } from "../../session/state.js";
import { showTime, withoutUndefined } from "../show/session.js";

type ImportCommand = Extract<Command, { type: "session/import" }>;

/** A session as its line in a file has it. */
export function lineOfSession(session: Session, includeSecrets: boolean): PortableSession {
  const { endedAt, archivedAt, ...same } = withoutPlace(session);
  const { environment, withheld } = environmentInFile(session, includeSecrets);
  return withoutUndefined({
    line: "session",
    ...same,
    environment,
    withheld,
    createdAt: showTime(session.createdAt),
    updatedAt: showTime(session.updatedAt),
    lastActivityAt: showTime(session.lastActivityAt),
    endedAt: endedAt === undefined ? undefined : showTime(endedAt),
    archivedAt: archivedAt === undefined ? undefined : showTime(archivedAt),
  }) as object as PortableSession;
}

/** What belongs to the place where a session was, and to who had claimed it there; its checkpoints are files of that place. */
type OfPlace =
  "createdSeq" | "metadataLength" | "lastActivityUp" | "workspace" | "lease" | "checkpoints" | "deletedAt";

function withoutPlace(session: Session): Omit<Session, OfPlace> {
  const { createdSeq: _, metadataLength: __, lastActivityUp: ___, ...rest } = session;
  const { workspace: ____, lease: _____, checkpoints: ______, deletedAt: _______, ...same } = rest;
  return same;
}

/** What looks like a secret is left out whole: what stands for it elsewhere would be taken for the value. */
function environmentInFile(
  { environment }: Session,
  includeSecrets: boolean,
): Pick<PortableSession, "environment" | "withheld"> {
  if (includeSecrets) return { environment, withheld: [] };
  const redacted = redactEnvironment(environment);
  const entries = Object.entries(environment);
  return {
    environment: Object.fromEntries(entries.filter(([name, value]) => redacted[name] === value)),
    withheld: entries.filter(([name, value]) => redacted[name] !== value).map(([name]) => name),
  };
}

/** How many bodies a file really had, which may be fewer than the session had counted. */
export interface FoundBodies {
  /** The folder that they are in; undefined where there are none. */
  readonly staged: string | undefined;
  readonly activities: number;
  /** Messages that are to be seen. */
  readonly messages: number;
  /** Invocations that were over, by how they ended. */
  readonly invocations: Omit<Session["invocations"], "running">;
}

/** The command that takes a session over from its line. What ran there when it was written is counted as failed. */
export function commandOfLine(
  line: PortableSession,
  { staged, activities, messages, invocations }: FoundBodies,
  defaults: SessionConfigShape,
): ImportCommand {
  const {
    line: _,
    withheld: __,
    updatedAt,
    commands,
    invocations: ___,
    totals,
    conversation,
    pinned,
    ...same
  } = line;
  const { running, failed } = commands;
  const history = {
    pinned,
    updatedAt: Date.parse(updatedAt),
    activities,
    conversation: { ...conversation, count: messages },
    commands: { ...commands, running: 0, failed: failed + running },
    // What ran is no body, so there is nothing of it here.
    invocations: { ...invocations, running: 0 },
    totals,
  };
  return {
    ...same,
    type: "session/import",
    name: line.name,
    purpose: line.purpose,
    description: line.description,
    userId: line.userId,
    parentId: line.parentId,
    workingDirectory: line.workingDirectory,
    config: mergeSettings(defaults, line.config),
    createdAt: Date.parse(line.createdAt),
    lastActivityAt: Date.parse(line.lastActivityAt),
    endedAt: timeOf(line.endedAt),
    endReason: line.endReason,
    archivedAt: timeOf(line.archivedAt),
    activities: [],
    brought: { staged, history },
  };
}

function timeOf(written: string | undefined): number | undefined {
  return written === undefined ? undefined : Date.parse(written);
}
