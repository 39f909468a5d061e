import { findCheckpoint, sizeBytesOf, valueOf } from "./checkpoint.js";
import type { Bounds, Command, Moment } from "./commands.js";
import { inTrash } from "./decideShelf.js";
import { takenBack } from "./conversation.js";
import {
  type Decision,
  happened,
  type Head,
  limitReached,
  refuse,
  type Refused,
  sessionNotFound,
} from "./decision.js";
import type { Event } from "./events.js";
import { unboundByEnd } from "./binding.js";
import { abandonRunning } from "./invocation.js";
import { releasedByEnd } from "./lease.js";
import { type CheckpointEntry, isEnded, type Session } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type CheckpointCommand = Extract<Command, { type: `checkpoint/${string}` }>;

/** Decides what is asked of the checkpoints of a session. Its status does not matter: going back is for ended ones too. */
export function decideCheckpoint(
  head: Head,
  command: CheckpointCommand,
  moment: Moment,
  bounds: Bounds,
): Decision {
  const { sessionId } = command;
  const session = head.session(sessionId);
  if (session === undefined) return sessionNotFound(sessionId);
  switch (command.type) {
    case "checkpoint/create":
      return create(session, command, bounds);
    case "checkpoint/restore":
      return restore(head, session, command, moment, bounds);
    case "checkpoint/delete":
      if (findCheckpoint(session, command.checkpointId) === undefined)
        return checkpointNotFound(sessionId, command.checkpointId);
      return happened(deleted(sessionId, command.checkpointId));
  }
}

function create(session: Session, command: Of<"checkpoint/create">, bounds: Bounds): Decision {
  const { sessionId } = session;
  const bound = bounds.checkpoints;
  const count = session.checkpoints.filter(({ automatic }) => !automatic).length;
  if (session.deletedAt !== undefined) return inTrash(session, "take a checkpoint");
  if (session.archivedAt !== undefined) return isArchived(session);
  if (count >= bound) {
    const message = `Session "${sessionId}" has ${count} checkpoints, and no more than ${bound} are allowed.`;
    return limitReached("checkpoints", bound, message, "delete some with checkpoint/delete");
  }
  const { checkpointId, label } = command;
  return happened(created(session, { checkpointId, label, automatic: false }));
}

/** One record: the checkpoint that undoes it, the restore, and the automatic ones that are too many by it. */
function restore(
  head: Head,
  session: Session,
  command: Of<"checkpoint/restore">,
  { at }: Moment,
  bounds: Bounds,
): Decision {
  const { sessionId, checkpointId, undoId, value } = command;
  const entry = findCheckpoint(session, checkpointId);
  if (entry === undefined) return checkpointNotFound(sessionId, checkpointId);
  if (session.deletedAt !== undefined) return inTrash(session, "go back to a checkpoint");
  if (session.archivedAt !== undefined) return isArchived(session);
  const { hidden } = takenBack(value.conversation, session.conversation);
  if (hidden.length > bounds.hiddenRuns) return tooManyRuns(sessionId, bounds);
  const label = labelOfUndo(entry).slice(0, bounds.labelLength);
  const automatic = session.checkpoints.filter((one) => one.automatic);
  const surplus = Math.max(0, automatic.length + 1 - bounds.automaticCheckpoints);
  return happened(
    created(session, { checkpointId: undoId, label, automatic: true }),
    // As with any end of a session: after it nothing more is heard of them.
    ...(isEnded(value.status)
      ? [...unboundByEnd(session), ...abandonRunning(head, session, at), ...releasedByEnd(session)]
      : []),
    { type: "checkpoint/restored", sessionId, data: { checkpointId, value } },
    ...automatic.slice(0, surplus).map((one) => deleted(sessionId, one.checkpointId)),
  );
}

function created(
  session: Session,
  { checkpointId, label, automatic }: Pick<CheckpointEntry, "checkpointId" | "label" | "automatic">,
): Event {
  const value = valueOf(session);
  const data = { checkpointId, label, automatic, sizeBytes: sizeBytesOf(value), value };
  return { type: "checkpoint/created", sessionId: session.sessionId, data };
}

function deleted(sessionId: string, checkpointId: string): Event {
  return { type: "checkpoint/deleted", sessionId, data: { checkpointId } };
}

/** Automatic ones by their id, or the labels of undone undos would never end. */
function labelOfUndo({ checkpointId, label, automatic }: CheckpointEntry): string {
  return `before restoring ${automatic || label === undefined ? checkpointId : label}`;
}

/** Refuses what no checkpoint is there for; without an id, where there is none that somebody asked for. */
export function checkpointNotFound(sessionId: string, checkpointId: string | undefined): Refused {
  if (checkpointId === undefined) {
    return refuse("checkpoint_not_found", `Session "${sessionId}" has no checkpoint.`, {
      hint: "checkpoint/create makes one; automatic ones are restored by their id",
    });
  }
  return refuse("checkpoint_not_found", `Session "${sessionId}" has no checkpoint "${checkpointId}".`, {
    hint: "checkpoint/list shows those that it has",
  });
}

function isArchived({ sessionId, status }: Session): Refused {
  return refuse("session_not_active", `Session "${sessionId}" is archived: it stays as it is.`, {
    hint: "session/unarchive takes it out of the archive",
    details: { status },
  });
}

function tooManyRuns(sessionId: string, { hiddenRuns }: Bounds): Refused {
  const message = `The conversation of session "${sessionId}" was taken back in ${hiddenRuns} places already.`;
  return limitReached(
    "hiddenRuns",
    hiddenRuns,
    message,
    "restore an older checkpoint, or create a new session",
  );
}
