import { randomUUID } from "node:crypto";

import type { StagedBodies } from "../../content/bodyStore.js";
import { redactEnvironment } from "../../process/environment.js";
import type { PortableSession } from "../../protocol/portableFile.js";
import type { SessionConfigShape } from "../../protocol/types.js";
import type { Command } from "../../session/commands.js";
import type { ImportedExecution } from "../../session/events.js";
import { mergeSettings } from "../../session/settings.js";
import type { CheckpointEntry, Lease, Session, Workspace } from "../../session/state.js";
import { showTime, withoutUndefined } from "../show/session.js";

type ImportCommand = Extract<Command, { type: "session/import" }>;

/** A session as its line in a file has it. */
export function lineOfSession(session: Session, includeSecrets: boolean): PortableSession {
  const { endedAt, archivedAt, ...same } = withoutPlace(session);
  const { workspace, lease } = session;
  const { environment, withheld } = environmentInFile(session.environment, includeSecrets);
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
    workspace: workspace && workspaceInFile(workspace),
    lease: lease && leaseInFile(lease),
  }) as object as PortableSession;
}

/**
 * What belongs to the place where a session was, and what has another form in the file. Whoever takes a session over
 * wants it, and not in the trash.
 */
type OfPlace =
  "createdSeq" | "metadataLength" | "lastActivityUp" | "workspace" | "lease" | "checkpoints" | "deletedAt";

function withoutPlace(session: Session): Omit<Session, OfPlace> {
  const { createdSeq: _, metadataLength: __, lastActivityUp: ___, ...rest } = session;
  const { workspace: ____, lease: _____, checkpoints: ______, deletedAt: _______, ...same } = rest;
  return same;
}

/** Without the token, by which the folder is known where it lies. */
function workspaceInFile(workspace: Workspace): PortableSession["workspace"] {
  const { token: _, released, ...same } = workspace;
  return withoutUndefined({
    ...same,
    released: released && withoutUndefined(released),
  }) as object as PortableSession["workspace"];
}

function leaseInFile({ epoch, holder, claimedAt, isHeld }: Lease): PortableSession["lease"] {
  return { ...withoutUndefined({ epoch, holder }), epoch, claimedAt: showTime(claimedAt), held: isHeld };
}

/** What looks like a secret is left out whole: what stands for it elsewhere would be taken for the value. */
export function environmentInFile(
  environment: Session["environment"],
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

/** What a file really had, which may be less than the session had counted. */
export interface FoundBodies {
  /** The folder that they are in; undefined where there are none. */
  readonly staged: string | undefined;
  readonly activities: number;
  /** Messages that are to be seen. */
  readonly messages: number;
  /** Invocations that were over, by how they ended. */
  readonly invocations: Omit<Session["invocations"], "running">;
  readonly checkpoints: readonly CheckpointEntry[];
  readonly executions: readonly ImportedExecution[];
}

/** A file that was read to its end and is as it was written. */
export interface PortableRead extends FoundBodies {
  readonly session: PortableSession;
  /** What it had beside the session itself. It is sealed. */
  readonly folder: Pick<StagedBodies, "discard">;
  /** What it has not, or what is not taken over, in the words of its fields. */
  readonly ignored: readonly string[];
  /** How many commands have another id here. */
  readonly renamedCommands: number;
}

/** The command that takes a session over from its line. A command that ran when it was written is counted as failed. */
export function commandOfLine(
  line: PortableSession,
  { staged, activities, messages, invocations, checkpoints, executions }: FoundBodies,
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
    workspace,
    lease,
    ...same
  } = line;
  const { running, failed } = commands;
  const history = {
    pinned,
    updatedAt: Date.parse(updatedAt),
    activities,
    conversation: { ...conversation, count: messages },
    checkpoints,
    commands: { ...commands, running: 0, failed: failed + running },
    invocations: { ...invocations, running: 0 },
    totals,
    ...(lease === undefined ? {} : { lease: leaseOf(lease) }),
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
    ...(workspace === undefined ? {} : { workspace: workspaceOf(workspace) }),
    config: mergeSettings(defaults, line.config),
    createdAt: Date.parse(line.createdAt),
    lastActivityAt: Date.parse(line.lastActivityAt),
    endedAt: timeOf(line.endedAt),
    endReason: line.endReason,
    archivedAt: timeOf(line.archivedAt),
    activities: [],
    executions,
    brought: { staged, history },
  };
}

/**
 * A lease that is over: the connection that held it is one to another daemon, and nobody here knows the new token. It is
 * there for its epoch, by which others tell an old holder from a new one: the next claim has to count on from it.
 */
function leaseOf({ epoch, holder, claimedAt }: NonNullable<PortableSession["lease"]>): Lease {
  return { token: randomUUID(), epoch, holder, claimedAt: Date.parse(claimedAt), isHeld: false };
}

/** What it was, let go of: no record here goes with the new token, so nothing at that path is ever touched. */
function workspaceOf({ released, ...same }: NonNullable<PortableSession["workspace"]>): Workspace {
  return {
    ...same,
    token: randomUUID(),
    released: released ?? { outcome: "kept", reason: "it stayed where the session was exported" },
  };
}

function timeOf(written: string | undefined): number | undefined {
  return written === undefined ? undefined : Date.parse(written);
}
