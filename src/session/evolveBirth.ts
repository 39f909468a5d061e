import type { ClonedFields, CreatedFields, ImportedFields, Stamp } from "./events.js";
import { lengthOfEntry } from "./metadata.js";
import type { Session } from "./state.js";
import { NO_TOTALS } from "./totals.js";

const NO_CONVERSATION: Session["conversation"] = { count: 0, appended: 0, hidden: [] };
const NO_CHECKPOINTS: Session["checkpoints"] = [];
const NO_COMMANDS: Session["commands"] = { total: 0, running: 0, succeeded: 0, failed: 0, retries: 0 };

const NO_INVOCATIONS: Session["invocations"] = {
  running: 0,
  succeeded: 0,
  failed: 0,
  cancelled: 0,
  abandoned: 0,
};

/** A session as it is right after its creation. */
export function created(sessionId: string, fields: CreatedFields, { seq, at, up }: Stamp): Session {
  let metadataLength = 0;
  for (const [key, value] of Object.entries(fields.metadata)) metadataLength += lengthOfEntry(key, value);
  return {
    sessionId,
    createdSeq: seq,
    status: "active",
    name: fields.name,
    purpose: fields.purpose,
    description: fields.description,
    userId: fields.userId,
    parentId: fields.parentId,
    workingDirectory: fields.workingDirectory,
    workspace: fields.workspace,
    tags: fields.tags,
    metadata: fields.metadata,
    metadataLength,
    environment: fields.environment,
    config: fields.config,
    createdAt: at,
    updatedAt: at,
    lastActivityAt: at,
    lastActivityUp: up,
    endedAt: undefined,
    endReason: undefined,
    archivedAt: undefined,
    deletedAt: undefined,
    pinned: false,
    activities: 0,
    conversation: NO_CONVERSATION,
    checkpoints: NO_CHECKPOINTS,
    commands: NO_COMMANDS,
    invocations: NO_INVOCATIONS,
    totals: NO_TOTALS,
    lease: undefined,
    binding: undefined,
    stalls: undefined,
  };
}

/** A session as it is right after it was cloned, with what it took over from its parent. */
export function cloned(sessionId: string, fields: ClonedFields, stamp: Stamp): Session {
  return { ...created(sessionId, fields, stamp), ...fields.brought?.history };
}

/** A session as another program left it; its idle time begins now, since up-time is the daemon's own. */
export function imported(sessionId: string, fields: ImportedFields, stamp: Stamp): Session {
  const { status, createdAt, lastActivityAt, endedAt, endReason, archivedAt } = fields;
  const history = { status, createdAt, lastActivityAt, endedAt, endReason, archivedAt };
  return { ...cloned(sessionId, fields, stamp), ...history };
}
