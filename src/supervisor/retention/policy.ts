import type { Session } from "../../session/state.js";

type EndedStatus = Exclude<Session["status"], "active" | "paused">;

/** What can become of a session, mildest first. */
export type RetentionAction = "archive" | "trash" | "delete";

/** Which sessions are meant, and what becomes of them. Only those that have ended are ever looked at. */
export interface RetentionPolicy {
  /** All of it has to hold; what is left out does not matter. */
  readonly match: {
    readonly status?: readonly EndedStatus[] | undefined;
    /** All of them. */
    readonly tags?: readonly string[] | undefined;
    readonly userId?: string | undefined;
    readonly name?: string | undefined;
    /** Whether it is in the archive. */
    readonly archived?: boolean | undefined;
    /** Milliseconds since its end, at least. */
    readonly olderThanMs?: number | undefined;
  };
  /**
   * How much of what matches stays, the newest first and whatever their age. What is more than either of the two goes;
   * where this is left out, all goes that is old enough.
   */
  readonly keep?:
    { readonly count?: number | undefined; readonly totalBytes?: number | undefined } | undefined;
  readonly action: RetentionAction;
}

/** All that is set. Durations are milliseconds; 0 is never, and for a quota that there is none. */
export interface RetentionSettings {
  /** Since the end of a session; the last of the policies. */
  readonly archiveAfterMs: number;
  /** The same, for those in the archive. */
  readonly deleteAfterMs: number;
  /** How long a session stays in the trash. */
  readonly trashAfterMs: number;
  readonly policies: readonly RetentionPolicy[];
  /** Quotas over all sessions there are. */
  readonly maxSessions: number;
  readonly maxTotalBytes: number;
}

/** Settings by which nothing ever goes. */
export const NOTHING_GOES: RetentionSettings = {
  archiveAfterMs: 0,
  deleteAfterMs: 0,
  trashAfterMs: 0,
  policies: [],
  maxSessions: 0,
  maxTotalBytes: 0,
};

/** A policy with the name of the setting that it comes from. */
export interface RetentionRule extends RetentionPolicy {
  readonly reason: string;
}

/** The policies in force, in their order: the first that wants something of a session has it. */
export function rulesOf({ policies, archiveAfterMs, deleteAfterMs }: RetentionSettings): RetentionRule[] {
  const rules = policies.map((policy, index) => ({ ...policy, reason: `retention.policies[${index}]` }));
  const byAge = (setting: string, archived: boolean, olderThanMs: number, action: RetentionAction): void => {
    if (olderThanMs > 0)
      rules.push({ match: { archived, olderThanMs }, action, reason: `retention.${setting}` });
  };
  byAge("archiveAfterMs", false, archiveAfterMs, "archive");
  byAge("deleteAfterMs", true, deleteAfterMs, "delete");
  return rules;
}

/** Whether a policy is about a session, its age aside, and would change something about it. */
export function isAbout({ match, action }: RetentionPolicy, session: Session): boolean {
  const { status, tags = [], userId, name, archived } = match;
  const isArchived = session.archivedAt !== undefined;
  if (session.deletedAt !== undefined || (action === "archive" && isArchived)) return false;
  return (
    (status === undefined || status.some((one) => one === session.status)) &&
    tags.every((tag) => session.tags.includes(tag)) &&
    (userId === undefined || userId === session.userId) &&
    (name === undefined || name === session.name) &&
    (archived === undefined || archived === isArchived)
  );
}

/** Whether so much time has passed since then, to the millisecond; never where the time lies ahead. */
export function isPast(sinceMs: number | undefined, ageMs: number, nowMs: number): boolean {
  return sinceMs !== undefined && nowMs >= sinceMs && nowMs - sinceMs >= ageMs;
}
