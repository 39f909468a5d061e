import { launch, LaunchError, type ExitOutcome } from "../process/launch.js";
import type { OutputGauge, OutputWatch } from "../process/output.js";
import { signalGroup, stopGroup } from "../process/stop.js";
import { after } from "../schedule/timer.js";
import type { Command } from "../session/commands.js";
import type { EndCause, Execution } from "../session/state.js";

/** What only the memory of the daemon holds of a command: the journal keeps no environment. */
export interface RunInputs {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | undefined;
}

/** What a run needs from around it. */
export interface RunSurroundings {
  readonly gauge: OutputGauge;
  /** Wall time, in which the next try and the end of all tries are given. */
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** Where the command writes; made when it starts. */
  readonly prepare: () => Promise<{ readonly stdoutPath: string; readonly stderrPath: string }>;
  readonly sizes: () => Promise<{ readonly stdoutBytes: number; readonly stderrBytes: number }>;
  /** Hands a report to the state machine, again and again until it is recorded. Keeps the order. */
  readonly report: (command: Command) => void;
  readonly onGrowth: () => void;
}

/** Causes that end one try and leave the next one its chance; all others end the command. */
const TRY_CAUSES: ReadonlySet<EndCause> = new Set(["exited", "start_to_close", "stalled", "start_failed"]);

/**
 * One command over all of its tries: starts its process, holds it within its limits, and reports what
 * becomes of it. It decides nothing: whether there is a next try comes back as an event. Timers and stops
 * work without the journal, so a limit holds also when the disk is full.
 */
export class Run {
  readonly #execution: Execution;
  readonly #inputs: RunInputs;
  readonly #around: RunSurroundings;
  readonly #cancelTimers = new Set<() => void>();
  #attempt: number;
  #pid: number | undefined;
  #watch: OutputWatch | undefined;
  /** By the clock of the timers, which does not jump. */
  #lastOutputMs = 0;
  /** Why the try is being ended, once somebody wants that. */
  #cause: EndCause | undefined;
  /** Why the whole command is being ended: it outlives the try. */
  #finalCause: EndCause | undefined;
  /** From SIGTERM to SIGKILL; shorter where whoever ends the command wants it so. */
  #graceMs: number;
  #phase: "waiting" | "launching" | "running" | "ending" | "over" = "waiting";
  /** What was asked of the process while it was being started. */
  #onceStarted: (() => void)[] = [];
  /** What the last try left behind in its group, and the stopping of it. */
  #remnants: { readonly pid: number; readonly gone: Promise<unknown> } | undefined;

  constructor(execution: Execution, inputs: RunInputs, around: RunSurroundings) {
    this.#execution = execution;
    this.#inputs = inputs;
    this.#around = around;
    this.#attempt = execution.attempt;
    this.#graceMs = execution.limits.graceMs;
    const { scheduleToCloseMs } = execution.limits;
    if (scheduleToCloseMs > 0) {
      const leftMs = execution.createdAt + scheduleToCloseMs - around.nowMs();
      // Not among the timers of a try: it goes on through all of them.
      this.#closeSchedule = after(leftMs, () => this.stop("schedule_to_close"));
    }
  }

  readonly #closeSchedule: () => void = () => {};

  /** Starts the next try now, or at a time. */
  begin(atMs: number = this.#around.nowMs()): void {
    this.#phase = "waiting";
    this.#cause = this.#finalCause;
    if (this.#finalCause !== undefined) return this.#endWithoutProcess();
    const delayMs = Math.max(0, atMs - this.#around.nowMs());
    if (delayMs === 0) void this.#launch();
    else this.#cancelTimers.add(after(delayMs, () => void this.#launch()));
  }

  /** Ends the command: SIGTERM, the grace time, SIGKILL. Safe to call again; a shorter grace time counts. */
  stop(cause: EndCause, graceMs: number = this.#graceMs): void {
    this.#wantEnd(cause);
    this.#graceMs = Math.min(this.#graceMs, graceMs);
    if (this.#phase === "launching") this.#onceStarted.push(() => this.stop(cause, graceMs));
    const pid = this.#pid ?? this.#remnants?.pid;
    if (pid !== undefined) void stopGroup(pid, { graceMs });
    if (this.#phase === "waiting") this.#endWithoutProcess();
  }

  /** Sends a signal to the command's group as soon as there is one. One that asks it to end also ends its retries. */
  signal(
    signal: NodeJS.Signals,
    options: { readonly ends: boolean; readonly graceMs?: number | undefined },
  ): void {
    if (options.ends) this.#wantEnd("signalled");
    if (this.#phase === "waiting" && options.ends) return this.#endWithoutProcess();
    if (this.#phase === "launching") this.#onceStarted.push(() => this.signal(signal, options));
    if (this.#pid === undefined) return;
    signalGroup(this.#pid, signal);
    const { graceMs } = options;
    if (graceMs === undefined) return;
    this.#cancelTimers.add(after(graceMs, () => this.stop("signalled", 0)));
  }

  /** The command is over: nothing of it is left to do but to let go. */
  close(): void {
    this.#phase = "over";
    this.#closeSchedule();
    this.#clearTimers();
    this.#watch?.close();
  }

  /** Resolves when what the last try left behind in its group is gone. */
  async settled(): Promise<void> {
    await this.#remnants?.gone;
  }

  /** Brings the SIGKILL for what the last try left behind forward; resolves when it is gone. */
  async stopRemnants(graceMs: number): Promise<void> {
    if (this.#remnants !== undefined) await stopGroup(this.#remnants.pid, { graceMs });
  }

  async #launch(): Promise<void> {
    if (this.#phase !== "waiting") return;
    this.#clearTimers();
    this.#onceStarted = [];
    this.#phase = "launching";
    this.#attempt += 1;
    await this.settled();
    if (this.#cause !== undefined) return this.#reportEnd({ cause: this.#cause }, false);
    try {
      await this.#start();
    } catch (error) {
      const isPassing = error instanceof LaunchError && error.code === "resources_exhausted";
      const message = error instanceof Error ? error.message : String(error);
      this.#reportEnd({ cause: "start_failed", error: message.slice(0, 4_000) }, isPassing);
    }
  }

  async #start(): Promise<void> {
    const { argv, cwd, commandId, limits } = this.#execution;
    const paths = await this.#around.prepare();
    this.#watch ??= this.#around.gauge.watch({ ...paths, onGrowth: (totalBytes) => this.#grew(totalBytes) });
    const launched = await launch({
      argv,
      cwd,
      env: { ...this.#inputs.env, SESSIOND_ATTEMPT: String(this.#attempt) },
      ...(this.#inputs.stdin === undefined ? {} : { stdin: this.#inputs.stdin }),
      ...paths,
      onExit: (outcome) => this.#exited(outcome),
    });
    this.#pid = launched.pid;
    this.#phase = "running";
    const process = launched.identity ?? { pid: launched.pid };
    this.#around.report({ type: "command/report-start", commandId, attempt: this.#attempt, process });
    this.#lastOutputMs = performance.now();
    if (limits.startToCloseMs > 0) {
      this.#cancelTimers.add(after(limits.startToCloseMs, () => this.stop("start_to_close")));
    }
    if (limits.stallTimeoutMs > 0) this.#watchStall(limits.stallTimeoutMs);
    for (const ask of this.#onceStarted.splice(0)) ask();
  }

  #watchStall(leftMs: number): void {
    const cancel = after(leftMs, () => {
      this.#cancelTimers.delete(cancel);
      const { stallTimeoutMs } = this.#execution.limits;
      const silentMs = performance.now() - this.#lastOutputMs;
      if (silentMs >= stallTimeoutMs) this.stop("stalled");
      else this.#watchStall(stallTimeoutMs - silentMs);
    });
    this.#cancelTimers.add(cancel);
  }

  #grew(totalBytes: number): void {
    this.#lastOutputMs = performance.now();
    const { maxOutputBytes } = this.#execution.limits;
    if (maxOutputBytes > 0 && totalBytes > maxOutputBytes) this.stop("output_limit");
    this.#around.onGrowth();
  }

  #exited(outcome: ExitOutcome): void {
    const pid = this.#pid;
    this.#phase = "ending";
    this.#clearTimers();
    // The leader is gone; what is left of its group goes too, before a next try can begin.
    if (pid !== undefined) this.#remnants = { pid, gone: this.#stopRemnants(pid) };
    this.#pid = undefined;
    const exitCode = outcome.exitCode ?? undefined;
    const signal = outcome.signal ?? undefined;
    // A command that was asked to end and ended well has ended well.
    const cause = this.#cause === "signalled" && exitCode === 0 ? "exited" : (this.#cause ?? "exited");
    this.#reportEnd({ cause, exitCode, signal }, true);
  }

  async #stopRemnants(pid: number): Promise<void> {
    await stopGroup(pid, { graceMs: this.#graceMs });
    // Nothing has this number any more, or somebody else has.
    this.#remnants = undefined;
  }

  #wantEnd(cause: EndCause): void {
    this.#cause ??= cause;
    if (!TRY_CAUSES.has(cause)) this.#finalCause ??= cause;
  }

  #endWithoutProcess(): void {
    this.#clearTimers();
    this.#phase = "ending";
    this.#attempt += 1;
    this.#reportEnd({ cause: this.#cause ?? "signalled" }, false);
  }

  #reportEnd(outcome: Extract<Command, { type: "command/report-end" }>["outcome"], retryable: boolean): void {
    this.#phase = "ending";
    const { commandId } = this.#execution;
    const attempt = this.#attempt;
    const chance = this.#around.chance();
    void this.#around.sizes().then((sizes) =>
      this.#around.report({
        type: "command/report-end",
        commandId,
        attempt,
        outcome,
        retryable,
        chance,
        ...sizes,
      }),
    );
  }

  #clearTimers(): void {
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers.clear();
  }
}
