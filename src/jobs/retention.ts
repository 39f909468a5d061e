import type { Jobs } from "../schedule/cron.js";
import type { Supervisor } from "../supervisor/supervisor.js";

const EVERY_HOUR = "0 * * * *";

/** Has sessions archived and deleted by their age: every hour, and once at the start. */
export function registerRetention(jobs: Jobs, { retention }: Pick<Supervisor, "retention">): void {
  jobs.every("retention", EVERY_HOUR, () => retention.runOwn());
  // A daemon that never lives for an hour would never come to it. It leaves the loop to the start between its slices.
  void jobs.runNow("retention");
}
