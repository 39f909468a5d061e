import type { Session } from "../../../src/session/state.js";
import { isCandidate, planRetention, type RetentionStep } from "../../../src/supervisor/retention/plan.js";
import { NOTHING_GOES, type RetentionSettings } from "../../../src/supervisor/retention/policy.js";
import { session } from "../../session/samples.js";

export const NOW = 1_000_000;
export const RUNNING = { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 };
let number = 0;
export const ended = (changes: Partial<Session> = {}): Session => {
  number += 1;
  return session({
    sessionId: `s${number}`,
    createdSeq: number,
    status: "completed",
    endedAt: 1_000,
    ...changes,
  });
};
export const settings = (changes: Partial<RetentionSettings>): RetentionSettings => ({
  ...NOTHING_GOES,
  ...changes,
});

/** The plan for these sessions; each holds 10 bytes unless said otherwise. */
export function plan(
  sessions: readonly Session[],
  changes: Partial<RetentionSettings>,
  { nowMs = NOW, sizes = [] }: { nowMs?: number; sizes?: readonly number[] } = {},
): RetentionStep[] {
  const all = sessions.map((one, index) => ({ session: one, sizeBytes: sizes[index] ?? 10 }));
  const sizeBytes = all.reduce((sum, one) => sum + one.sizeBytes, 0);
  const candidates = all.filter((one) => isCandidate(one.session));
  return planRetention(candidates, { count: all.length, sizeBytes }, settings(changes), nowMs);
}

/** What becomes of each of them, in their order. */
export function actions(
  sessions: readonly Session[],
  ...rest: Parameters<typeof plan> extends [unknown, ...infer R] ? R : never
): (string | undefined)[] {
  const steps = plan(sessions, ...rest);
  return sessions.map((one) => steps.find((step) => step.session === one)?.action);
}
