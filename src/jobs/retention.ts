import type { Jobs } from "../schedule/cron.js";
import type { Supervisor } from "../supervisor/supervisor.js";

const EVERY_HOUR = "0 * * * *";

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
