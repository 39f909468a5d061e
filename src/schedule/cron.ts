import { createTask, type ScheduledTask } from "node-cron";
import { after } from "./timer.js";

/** Recurring work of the daemon. */
export interface Jobs {
  /**
   * Runs `run` at the times of a cron expression: five fields, or six with seconds in front, local time. Throws for
   * an expression that is none, a name that is taken, and once the jobs are closed.
   */
  every(name: string, expression: string, run: () => void | Promise<void>): void;
  /**
   * Runs a job now and resolves when it is done, whether it failed or not. If it is running already, this waits for
   * that run: a job never overlaps itself. Rejects for a name that nobody registered, and once the jobs are closed.
   */
  runNow(name: string): Promise<void>;
  /** Lets no run begin any more, and waits for those under way. */
  close(): Promise<void>;
}

/** What the jobs tell; a pino logger fits. */
export interface JobLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  debug(fields: object, message: string): void;
}

export interface JobsOptions {
  readonly log: JobLog;
}

interface Job {
  readonly name: string;
  /** node-cron's calendar of the expression. It is never started. */
  readonly calendar: ScheduledTask;
  readonly run: () => void | Promise<void>;
  cancelTimer: () => void;
  /** How many times were left out because of the run under way. The first is worth a warning. */
  leftOut: number;
  /** The run under way. */
  current?: Promise<void>;
  /** Whether the last run failed. */
  hasFailed: boolean;
}

/** The wall clock may be set while a job waits for it, so a long wait is cut into pieces of this length. */
const LONGEST_WAIT_MS = 60_000;
/** A run that begins later than this is worth a line in the log. */
const LATE_MS = 1_000;

/**
 * Opens the daemon's jobs over node-cron.
 *
 * node-cron says *when*; the waiting is done here. Its own runner, after a gap, walks through every time that was
 * missed (0.1 ms each: a night asleep blocks the loop for 3 s with a job of each second, and prints 28,800 lines), and
 * when the clock is set back an hour it is silent for an hour. Here a job whose time has passed runs once, late, and
 * the next time is always computed from now. As node-cron's runner never starts, it has nothing to print either.
 */
export function openJobs(options: JobsOptions): Jobs {
  return new CronJobs(options);
}

class CronJobs implements Jobs {
  readonly #options: JobsOptions;
  readonly #jobs = new Map<string, Job>();
  #closed = false;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  every(name: string, expression: string, run: () => void | Promise<void>): void {
    this.#refuseWhenClosed(name);
    if (this.#jobs.has(name))
      throw new Error(`job ${name} is registered already; give each job a name of its own`);
    const job: Job = {
      name,
      calendar: openCalendar(name, expression),
      run,
      cancelTimer: () => {},
      leftOut: 0,
      hasFailed: false,
    };
    this.#jobs.set(name, job);
    this.#wait(job);
  }

  async runNow(name: string): Promise<void> {
    this.#refuseWhenClosed(name);
    const job = this.#jobs.get(name);
    if (job === undefined)
      throw new Error(`there is no job ${name}; there are: ${[...this.#jobs.keys()].join(", ")}`);
    await this.#runOrJoin(job);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const jobs = [...this.#jobs.values()];
    // All of them before the first wait, in which the time of another might come.
    for (const job of jobs) job.cancelTimer();
    for (const job of jobs) await job.calendar.destroy();
    await Promise.all(jobs.flatMap(({ current }) => current ?? []));
  }

  #wait(job: Job): void {
    const dueAtMs = job.calendar.getNextRuns(1)[0]?.getTime() ?? Number.POSITIVE_INFINITY;
    const onTimer = (): void => {
      // Not yet due: a piece of a long wait, a timer that fired a moment early, or a clock that was set back.
      if (Date.now() >= dueAtMs) this.#begin(job, Date.now() - dueAtMs);
      this.#wait(job);
    };
    job.cancelTimer = after(Math.min(dueAtMs - Date.now(), LONGEST_WAIT_MS), onTimer, { unref: true });
  }

  #begin(job: Job, lateMs: number): void {
    const { log } = this.#options;
    if (job.current !== undefined) {
      const level = job.leftOut === 0 ? "warn" : "debug";
      log[level]({ job: job.name }, "job is still running, this time of it is left out");
      job.leftOut += 1;
      return;
    }
    if (lateMs > LATE_MS) log.debug({ job: job.name, lateMs }, "job begins late");
    void this.#runOrJoin(job);
  }

  #runOrJoin(job: Job): Promise<void> {
    // The run begins a moment later, so that `current` is set even for one that throws at once.
    job.current ??= Promise.resolve()
      .then(() => this.#run(job))
      .finally(() => delete job.current);
    return job.current;
  }

  async #run(job: Job): Promise<void> {
    job.leftOut = 0;
    const { log } = this.#options;
    const { hasFailed } = job;
    try {
      await job.run();
      job.hasFailed = false;
      if (hasFailed) log.info({ job: job.name }, "job works again");
    } catch (error) {
      job.hasFailed = true;
      // One that fails every second, on a full disk say, is worth a line and not a flood of them.
      log[hasFailed ? "debug" : "error"]({ job: job.name, err: error }, "job failed");
    }
  }

  #refuseWhenClosed(name: string): void {
    if (this.#closed) throw new Error(`job ${name}: the daemon is stopping, no job begins any more`);
  }
}

function openCalendar(name: string, expression: string): ScheduledTask {
  try {
    return createTask(expression, () => {}, { name });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`job ${name}: "${expression}" is not a cron expression (${reason})`, { cause });
  }
}
