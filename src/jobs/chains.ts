import type { Jobs } from "../schedule/cron.js";
import { cleanUpChains } from "../supervisor/chains/cleanup.js";
import type { Supervisor } from "../supervisor/supervisor.js";

const EVERY_HOUR = "0 * * * *";

/** Has old interactions dropped from the chains of agents: every hour, and once at the start. 0 is never. */
export function registerChainCleanup(jobs: Jobs, supervisor: Supervisor, afterMs: number): void {
  if (afterMs === 0) return;
  jobs.every("chains", EVERY_HOUR, async () => {
    await cleanUpChains(supervisor, { afterMs, isOwn: true });
  });
  // A daemon that never lives for an hour would never come to it.
  void jobs.runNow("chains");
}
