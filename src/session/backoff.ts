import type { LIMITS } from "../protocol/limits.js";
import type { SessionConfigShape } from "../protocol/types.js";

/** No pause is longer than the longest duration that the protocol knows; its type ties it. Also keeps infinity out. */
const LONGEST_PAUSE_MS: (typeof LIMITS)["durationMs"] = 315_360_000_000;

/**
 * The pause before the next try, in milliseconds: initialInterval × coefficient^(attempt − 1), at most the
 * maximum (where there is one), with the share `jitter` of it left to chance.
 *
 * @param attempt the try that just failed, from 1
 * @param chance 0 to 1
 */
export function pauseMs(retry: SessionConfigShape["retry"], attempt: number, chance: number): number {
  // Zero times a power that has grown to infinity is no number.
  if (retry.initialIntervalMs === 0) return 0;
  const grown = retry.initialIntervalMs * retry.backoffCoefficient ** (attempt - 1);
  const maximumMs = retry.maximumIntervalMs > 0 ? retry.maximumIntervalMs : LONGEST_PAUSE_MS;
  return Math.round(Math.min(grown, maximumMs) * (1 - retry.jitter * chance));
}
