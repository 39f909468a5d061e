import type { Session } from "../../session/state.js";
import { isEnded } from "../../session/state.js";
import {
  isAbout,
  isPast,
  type RetentionAction,
  type RetentionPolicy,
  type RetentionSettings,
  rulesOf,
} from "./policy.js";

/** A session that retention may have, and what it holds on disk. */
export interface Candidate {
  readonly session: Session;
  readonly sizeBytes: number;
}

/** All sessions there are, those that are spared as well. */
export interface Totals {
  readonly count: number;
  readonly sizeBytes: number;
}

/** What is to become of one session; `reason` is the setting that wants it. */
export interface RetentionStep extends Candidate {
  readonly action: RetentionAction;
  readonly reason: string;
}

/** Whether retention may have a session at all, whatever its age. */
export function isCandidate({ status, endedAt, pinned, commands }: Session): boolean {
  // While commands run something of it still goes on, and is being stopped.
  return isEnded(status) && endedAt !== undefined && !pinned && commands.running === 0;
}

/** Whether sizes have any part in what goes. */
export function dependsOnSizes({ policies, maxTotalBytes }: RetentionSettings): boolean {
  return maxTotalBytes > 0 || policies.some(({ keep }) => keep?.totalBytes !== undefined);
}

/**
 * What is due at `nowMs`, wall time: one step for each session at most, in the order of the candidates. What is archived
 * or put into the trash by one run, no run before the next one deletes.
 */
export function planRetention(
  candidates: readonly Candidate[],
  totals: Totals,
  settings: RetentionSettings,
  nowMs: number,
): RetentionStep[] {
  const steps = new Map<Session, RetentionStep>();
  const take = (candidate: Candidate, action: RetentionAction, reason: string): void => {
    steps.set(candidate.session, { ...candidate, action, reason });
  };
  for (const { session, sizeBytes } of candidates) {
    if (settings.trashAfterMs > 0 && isPast(session.deletedAt, settings.trashAfterMs, nowMs))
      take({ session, sizeBytes }, "delete", "retention.trashAfterMs");
  }
  for (const rule of rulesOf(settings)) {
    for (const candidate of beyondKept(candidates, rule)) {
      const { session } = candidate;
      if (!steps.has(session) && isPast(session.endedAt, rule.match.olderThanMs ?? 0, nowMs))
        take(candidate, rule.action, rule.reason);
    }
  }
  for (const { candidate, action, reason } of beyondQuota(candidates, totals, settings, steps))
    take(candidate, action, reason);
  return candidates.flatMap(({ session }) => steps.get(session) ?? []);
}

/** Those that a policy is about and that it does not keep. */
function beyondKept(candidates: readonly Candidate[], policy: RetentionPolicy): readonly Candidate[] {
  const about = candidates.filter(({ session }) => isAbout(policy, session));
  if (policy.keep === undefined) return about;
  const { count = Number.POSITIVE_INFINITY, totalBytes = Number.POSITIVE_INFINITY } = policy.keep;
  let [keptCount, keptBytes] = [0, 0];
  // Sessions come in the order of their births, mostly that of their ends, which makes the sorting quick.
  return about
    .toSorted((a, b) => byEnd(b, a))
    .filter(({ sizeBytes }) => {
      keptCount += 1;
      keptBytes += sizeBytes;
      return keptCount > count || keptBytes > totalBytes;
    });
}

/**
 * What has to go besides until the quotas are met: first what is in the trash, the longest there first, and then what
 * ended longest ago, by way of the trash. That counts as gone: the next run takes it from there.
 */
function* beyondQuota(
  candidates: readonly Candidate[],
  totals: Totals,
  { maxSessions, maxTotalBytes }: RetentionSettings,
  steps: ReadonlyMap<Session, RetentionStep>,
): Generator<{ readonly candidate: Candidate; readonly action: RetentionAction; readonly reason: string }> {
  if (maxSessions === 0 && maxTotalBytes === 0) return;
  const isGoing = ({ session }: Candidate): boolean =>
    (steps.get(session)?.action ?? "archive") !== "archive";
  const going = candidates.filter(isGoing);
  let tooMany = maxSessions === 0 ? 0 : totals.count - going.length - maxSessions;
  let tooLarge =
    maxTotalBytes === 0
      ? 0
      : going.reduce((left, { sizeBytes }) => left - sizeBytes, totals.sizeBytes) - maxTotalBytes;
  const staying = candidates.filter((candidate) => !isGoing(candidate));
  const trashed = staying.filter(({ session }) => session.deletedAt !== undefined).toSorted(byTrash);
  const ended = staying.filter(({ session }) => session.deletedAt === undefined).toSorted(byEnd);
  for (const candidate of [...trashed, ...ended]) {
    if (tooMany <= 0 && tooLarge <= 0) return;
    // Where there is only too much, one that holds nothing is in nobody's way.
    if (tooMany <= 0 && candidate.sizeBytes === 0) continue;
    const action = candidate.session.deletedAt === undefined ? "trash" : "delete";
    yield { candidate, action, reason: `retention.${tooMany > 0 ? "maxSessions" : "maxTotalBytes"}` };
    tooMany -= 1;
    tooLarge -= candidate.sizeBytes;
  }
}

/** What ended first comes first. */
function byEnd({ session: a }: Candidate, { session: b }: Candidate): number {
  return (a.endedAt ?? 0) - (b.endedAt ?? 0) || a.createdSeq - b.createdSeq;
}

/** What came into the trash first comes first. */
function byTrash({ session: a }: Candidate, { session: b }: Candidate): number {
  return (a.deletedAt ?? 0) - (b.deletedAt ?? 0) || a.createdSeq - b.createdSeq;
}
