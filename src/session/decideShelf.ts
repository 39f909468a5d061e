import type { Command } from "./commands.js";
import { type Decision, happened, NOTHING, refuse } from "./decision.js";
import type { SessionEvent } from "./events.js";
import type { Session } from "./state.js";

/** What is asked of where a session is kept, and for how long. Its status is no matter of that. */
type ShelfCommand = Extract<
  Command,
  {
    type: `session/${"pin" | "unpin" | "archive" | "unarchive" | "trash" | "untrash" | "delete"}`;
  }
>;

/** Decides what becomes of a session whose status and place allow it. What is so already changes nothing. */
export function decideShelf(session: Session, { type }: ShelfCommand): Decision {
  const { archivedAt, deletedAt, pinned } = session;
  switch (type) {
    case "session/pin":
      return pinned ? NOTHING : made(session, "session/pinned");
    case "session/unpin":
      return pinned ? made(session, "session/unpinned") : NOTHING;
    case "session/archive":
      return archivedAt === undefined ? made(session, "session/archived") : NOTHING;
    case "session/unarchive":
      return archivedAt === undefined ? NOTHING : made(session, "session/unarchived");
    case "session/trash":
      if (deletedAt !== undefined) return NOTHING;
      return stillStopping(session) ?? made(session, "session/trashed");
    case "session/untrash":
      return deletedAt === undefined ? NOTHING : made(session, "session/untrashed");
    case "session/delete":
      return stillStopping(session) ?? made(session, "session/deleted");
  }
}

/** An event that says everything by its type. */
type Bare = Extract<SessionEvent, { data: Readonly<Record<string, never>> }>["type"];

function made({ sessionId }: Session, type: Bare): Decision {
  return happened({ type, sessionId, data: {} });
}

function stillStopping({ sessionId, commands }: Session): Decision | undefined {
  if (commands.running === 0) return undefined;
  const message = `Session "${sessionId}" has ${commands.running} commands that are still being stopped.`;
  return refuse("invalid_transition", message, { hint: "try again in a moment" });
}

/** Refuses what waits until a session is taken out of the trash. */
export function inTrash({ sessionId, status }: Session, what: string): Decision {
  return refuse("invalid_transition", `Session "${sessionId}" is in the trash: it cannot ${what}.`, {
    hint: "session/untrash takes it out",
    details: { status },
  });
}
