import type { Session, SessionStatus } from "../session/state.js";

/** One that is archived, or in the trash, is in no other count; the trash comes first. */
type Group = SessionStatus | "archived" | "trashed";

/** How many durable sessions there are of each status, kept as they change: a list need not count what it knows. */
export class StatusCounts {
  readonly #counts: Record<Group, number> = {
    active: 0,
    paused: 0,
    completed: 0,
    failed: 0,
    abandoned: 0,
    timed_out: 0,
    archived: 0,
    trashed: 0,
  };

  /** A session has become another, or has come or gone where one of them is undefined. */
  moved(before: Session | undefined, after: Session | undefined): void {
    if (before !== undefined) this.#counts[groupOf(before)] -= 1;
    if (after !== undefined) this.#counts[groupOf(after)] += 1;
  }

  /** How many there are of all these groups together. */
  of(...groups: readonly Group[]): number {
    return groups.reduce((sum, group) => sum + this.#counts[group], 0);
  }
}

function groupOf({ status, archivedAt, deletedAt }: Session): Group {
  if (deletedAt !== undefined) return "trashed";
  return archivedAt === undefined ? status : "archived";
}
