import type { Jobs } from "../schedule/cron.js";
import { cleanUpChains } from "../supervisor/chains/cleanup.js";
import type { Supervisor } from "../supervisor/supervisor.js";

const EVERY_HOUR = "0 * * * *";

/** Has old interactions dropped from the chains of agents: every hour, and once at the start. */
export function registerChainCleanup(jobs: Jobs, supervisor: Supervisor, afterMs: number): void {
  if (afterMs === 0) return;
  jobs.every("chains", EVERY_HOUR, async () => {
    await cleanUpChains(supervisor, { afterMs, isOwn: true });
  });
  void jobs.runNow("chains");
}

/** Has retention done by the policies: every hour, and once at the start. */
export function registerRetention(jobs: Jobs, parts: Pick<Supervisor, "retention" | "archiver">): void {
  const { retention, archiver } = parts;
  jobs.every("retention", EVERY_HOUR, async () => {
    archiver.retry();
    await retention.runOwn();
  });
  // A daemon that never lives for an hour would never come to it. It leaves the loop to the start between its slices.
  void jobs.runNow("retention");
}
