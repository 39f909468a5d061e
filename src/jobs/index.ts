import type { SystemClock } from "../schedule/clock.js";
import type { Jobs } from "../schedule/cron.js";
import { LoopDelay } from "../schedule/loopDelay.js";
import { writeUptime } from "../schedule/uptime.js";
import type { Supervisor } from "../supervisor/supervisor.js";
import { registerChainCleanup } from "./chains.js";
import { registerRetention } from "./retention.js";
import { registerSampling } from "./sample.js";
import { Timeouts } from "./timeouts.js";

interface JobParts {
  readonly jobs: Jobs;
  readonly supervisor: Supervisor;
  readonly clock: SystemClock;
  /** The small file with the up-time. */
  readonly uptimeFile: string;
  /** When interactions leave the chains of agents; 0 is never. */
  readonly chainsAfterMs: number;
}

/** Registers everything that the daemon does by the clock. Answers how late the loop is, over the last minute. */
export function registerJobs({ jobs, supervisor, clock, uptimeFile, chainsAfterMs }: JobParts): LoopDelay {
  const timeouts = new Timeouts(supervisor);
  jobs.every("timeouts", "* * * * * *", () => {
    clock.tick();
    return timeouts.run();
  });
  jobs.every("autosave", "* * * * * *", async () => {
    await Promise.all([supervisor.bodies.save(clock.upMs()), supervisor.checkpoints.saveDue()]);
  });
  // A long pass does not hold up the job: the next look joins it.
  jobs.every("files", "* * * * * *", () => void supervisor.files?.save(clock.upMs()));
  // Every second: what is written between two looks is replayed after a crash as well.
  jobs.every("snapshot", "* * * * * *", async () => {
    if (supervisor.needsSnapshot) await supervisor.snapshot();
  });
  // At once, too: a daemon that is killed again and again might never live to the next look, and each of its
  // starts would have more to replay than the one before.
  void jobs.runNow("snapshot");
  registerRetention(jobs, supervisor);
  registerChainCleanup(jobs, supervisor, chainsAfterMs);
  jobs.every("leases", "* * * * * *", () => supervisor.leases.releaseDue());
  registerSampling(jobs, supervisor);
  jobs.every("bindings", "* * * * * *", () => supervisor.bindings.look());
  const loop = new LoopDelay();
  jobs.every("uptime", "*/10 * * * * *", () => {
    loop.next();
    return writeUptime(uptimeFile, clock.upMs());
  });
  return loop;
}
