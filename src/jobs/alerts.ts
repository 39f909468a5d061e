import type { Jobs } from "../schedule/cron.js";
import type { LoopDelay } from "../schedule/loopDelay.js";
import type { Supervisor } from "../supervisor/supervisor.js";

interface AlertFigures {
  readonly loop: Pick<LoopDelay, "figures">;
  readonly connections: { readonly size: number };
}

/** Has the rules for alerts held against what they watch, every second. */
export function registerAlerts(
  jobs: Jobs,
  alerts: Pick<Supervisor["alerts"], "run">,
  { loop, connections }: AlertFigures,
): void {
  jobs.every("alerts", "* * * * * *", () =>
    alerts.run({ loopP99Ms: loop.figures.p99Ms, connections: connections.size }),
  );
}
