import type { Jobs } from "../schedule/cron.js";
import type { Supervisor } from "../supervisor/supervisor.js";

type Alerts = Supervisor["alerts"];

/** Has the rules for alerts held against what they watch, every second. */
export function registerAlerts(
  jobs: Jobs,
  alerts: Pick<Alerts, "run">,
  figures: () => Parameters<Alerts["run"]>[0],
): void {
  jobs.every("alerts", "* * * * * *", () => alerts.run(figures()));
}
