import type { Jobs } from "../schedule/cron.js";
import type { Supervisor } from "../supervisor/supervisor.js";

const EVERY_FIVE_SECONDS = "*/5 * * * * *";
const EVERY_HOUR = "30 * * * *";

/**
 * Has what sessions use measured every five seconds; where nothing runs, that is nothing to do. A round that fails is told
 * by the job, and fails nobody.
 */
export function registerSampling(jobs: Jobs, { metrics }: Pick<Supervisor, "metrics">): void {
  if (!metrics.isEnabled) return;
  jobs.every("sample", EVERY_FIVE_SECONDS, () => metrics.sample());
  jobs.every("metrics", EVERY_HOUR, () => metrics.sweep());
}
