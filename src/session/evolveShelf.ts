import type { Stamp } from "./events.js";
import type { Session } from "./state.js";

type ShelfEvent = `session/${"archived" | "unarchived" | "trashed" | "untrashed" | "pinned" | "unpinned"}`;

/** What an event changes of where a session is kept, and for how long. */
export function shelved(type: ShelfEvent, { at }: Stamp): Partial<Session> {
  switch (type) {
    case "session/archived":
      return { archivedAt: at };
    case "session/unarchived":
      return { archivedAt: undefined };
    case "session/trashed":
      return { deletedAt: at };
    case "session/untrashed":
      return { deletedAt: undefined };
    case "session/pinned":
      return { pinned: true };
    case "session/unpinned":
      return { pinned: false };
  }
}
