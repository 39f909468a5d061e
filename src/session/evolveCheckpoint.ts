import { valueOf } from "./checkpoint.js";
import { takenBack } from "./conversation.js";
import type { Event, Stamp } from "./events.js";
import type { Session } from "./state.js";

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
    case "checkpoint/restored": {
      const { value } = event.data;
      const conversation = takenBack(value.conversation, session.conversation);
      return changed(session, { ...valueOf(value), conversation }, stamp);
    }
    case "checkpoint/deleted": {
      const { checkpointId } = event.data;
      const left = checkpoints.filter((entry) => entry.checkpointId !== checkpointId);
      return changed(session, { checkpoints: left }, stamp);
    }
  }
}

/** Whoever does this to a session that is active then is active in it: idle time begins anew. */
function changed(session: Session, changes: Partial<Session>, { at, up }: Stamp): Session {
  const next = { ...session, ...changes, updatedAt: at };
  return next.status === "active" ? { ...next, lastActivityAt: at, lastActivityUp: up } : next;
}
