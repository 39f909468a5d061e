import { takenBack } from "./conversation.js";
import type { Event, Stamp } from "./events.js";
import type { CheckpointValue, Session } from "./state.js";

type CheckpointEvent = Extract<Event, { type: `checkpoint/${string}` }>;

/** The session after something happened to one of its checkpoints, as a new object. */
export function evolveCheckpoint(session: Session, event: CheckpointEvent, stamp: Stamp): Session {
  const { checkpoints } = session;
  switch (event.type) {
    case "checkpoint/created": {
      const { value, ...entry } = event.data;
      const { at, seq } = stamp;
      const state = { status: value.status, messages: value.conversation.count };
      const made = { ...entry, label: entry.label, at, seq, ...state };
      return changed(session, { checkpoints: [...checkpoints, made] }, stamp);
    }
    case "checkpoint/restored":
      return changed(session, restored(session, event.data.value), stamp);
    case "checkpoint/deleted": {
      const { checkpointId } = event.data;
      const left = checkpoints.filter((entry) => entry.checkpointId !== checkpointId);
      return changed(session, { checkpoints: left }, stamp);
    }
  }
}

/** Named one by one: what JSON left out, because it had no value, has none again. */
function restored(session: Session, value: CheckpointValue): CheckpointValue {
  return {
    name: value.name,
    purpose: value.purpose,
    description: value.description,
    userId: value.userId,
    workingDirectory: value.workingDirectory,
    tags: value.tags,
    metadata: value.metadata,
    metadataLength: value.metadataLength,
    environment: value.environment,
    config: value.config,
    status: value.status,
    endedAt: value.endedAt,
    endReason: value.endReason,
    totals: value.totals,
    conversation: takenBack(value.conversation, session.conversation),
  };
}

/** Whoever does this to a session that is active then is active in it: idle time begins anew. */
function changed(session: Session, changes: Partial<Session>, { at, up }: Stamp): Session {
  const next = { ...session, ...changes, updatedAt: at };
  return next.status === "active" ? { ...next, lastActivityAt: at, lastActivityUp: up } : next;
}
