import { LostStartError } from "../process/keeper/keepers.js";
import type { ProcessInput } from "../process/input.js";
import { LaunchError } from "../process/launch.js";
import type { OutputWatch } from "../process/output.js";
import type { Ending, Supervised } from "../process/supervised.js";
import { after } from "../schedule/timer.js";
import type { Command } from "../session/commands.js";
import type { EndCause, Execution } from "../session/state.js";
import { causeOf, judged, LOST_WITH_DAEMON, LOST_WITH_KEEPER, TRY_CAUSES, verdictOf } from "./endings.js";
import { Remnants } from "./remnants.js";
import type { Hold } from "./resources.js";
import type { RunInputs, RunSurroundings } from "./runSurroundings.js";
import type { StallWatch } from "./stallWatch.js";
import { leftOfTry, requestOf } from "./tryRequest.js";
import { watchStall } from "./watchStall.js";

type EndReport = Extract<Command, { type: "command/report-end" }>;

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
  /** What runs; none between tries. */
  #process: Supervised | undefined;
  /** What holds it to what it may take of the machine. */
  #hold: Hold | undefined;
  #watch: OutputWatch | undefined;
  #stallWatch: StallWatch | undefined;
  #outputBytes = 0;
  /** Why the try is being ended, once somebody wants that. */
  #cause: EndCause | undefined;
  /** Why the whole command is being ended: it outlives the try. */
  #finalCause: EndCause | undefined;
  /** From SIGTERM to SIGKILL; shorter where whoever ends the command wants it so. */
  #graceMs: number;
  #phase: "waiting" | "launching" | "running" | "ending" | "over" = "waiting";
  /** What was asked of the process while it was being started. */
  #onceStarted: (() => void)[] = [];
  readonly #remnants = new Remnants();
  /** Whether what runs, or ran last, outlives the daemon. */
  #isOutliving = false;
  #launched: Promise<void> = Promise.resolve();
  /** It was started by an earlier daemon, and may have ended before this one was there. */
  #isAdopted = false;

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
    const launch = (): void => void (this.#launched = this.#launch(this.#around.start));
    if (delayMs === 0) launch();
    else this.#cancelTimers.add(after(delayMs, launch));
  }

  /** Goes on with a try that an earlier daemon started; `find` answers its process. */
  adopt(find: RunSurroundings["start"]): void {
    this.#isAdopted = true;
    // The earlier daemon sent the signal that was to end it.
    if (this.#execution.cancelled) this.#wantEnd("signalled");
    // A try that is counted already is not counted again.
    if (this.#execution.status === "running") this.#attempt -= 1;
    this.#launched = this.#launch(find, true);
  }

  /** Goes on in the pause before a try; `last` is what the one before left behind. */
  resume(atMs: number, last: Pick<Supervised, "stop" | "gone">): void {
    this.#isOutliving = true;
    this.#remnants.leave(last);
    this.begin(atMs);
  }

  /** A try that an earlier daemon started, or was about to start, and that is lost. */
  resumeLost(attempt: number): void {
    this.#attempt = attempt;
    this.#reportLost(LOST_WITH_DAEMON);
  }

  /** Whether it outlives the daemon; resolves when no try is just being started. */
  async isKept(): Promise<boolean> {
    await this.#launched;
    return this.#isOutliving;
  }

  /** The standard input of the process that runs, where it was started with an open one; undefined until it does. */
  get input(): ProcessInput | undefined {
    return this.#process?.input;
  }

  /** Ends the command: SIGTERM, the grace time, SIGKILL. Safe to call again; a shorter grace time counts. */
  stop(cause: EndCause, graceMs: number = this.#graceMs): void {
    this.#wantEnd(cause);
    this.#graceMs = Math.min(this.#graceMs, graceMs);
    if (this.#phase === "launching") this.#onceStarted.push(() => this.stop(cause, graceMs));
    (this.#process ?? this.#remnants).stop(graceMs, cause);
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
    if (this.#process === undefined) return;
    this.#process.signal(signal);
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
  settled(): Promise<void> {
    return this.#remnants.gone;
  }

  /** Brings the SIGKILL for what the last try left behind forward; resolves when it is gone. */
  async stopRemnants(graceMs: number): Promise<void> {
    this.#remnants.stop(graceMs, "stopped");
    await this.settled();
  }

  async #launch(start: RunSurroundings["start"], isAdoption = false): Promise<void> {
    if (this.#phase !== "waiting") return;
    this.#clearTimers();
    this.#onceStarted = [];
    this.#phase = "launching";
    this.#attempt += 1;
    await this.settled();
    if (this.#cause !== undefined && !isAdoption) return this.#reportEnd({ cause: this.#cause }, false);
    try {
      await this.#start(start);
    } catch (error) {
      if (error instanceof LostStartError) return this.#reportLost();
      const isPassing = error instanceof LaunchError && error.code === "resources_exhausted";
      const message = error instanceof Error ? error.message : String(error);
      this.#reportEnd({ cause: "start_failed", error: message.slice(0, 4_000) }, isPassing);
    }
  }

  async #start(start: RunSurroundings["start"]): Promise<void> {
    const { commandId, limits } = this.#execution;
    const paths = await this.#around.prepare();
    // What was written to an earlier daemon's eyes is no sign of life.
    if (this.#isAdopted) this.#outputBytes = totalOf(await this.#around.sizes());
    this.#watch ??= this.#around.gauge.watch({ ...paths, onGrowth: (totalBytes) => this.#grew(totalBytes) });
    const hold = await this.#around.hold(this.#attempt);
    const request = requestOf(this.#execution, this.#inputs, this.#attempt, {
      ...paths,
      cgroup: hold?.cgroup,
    });
    const started = await start(this.#attempt, request).catch(async (error: unknown) => {
      await hold?.release();
      throw error;
    });
    this.#process = started;
    this.#hold = hold;
    const holding = hold?.begin(started, (cause, graceMs) => this.stop(cause, graceMs));
    this.#isOutliving = started.supervision !== "child";
    this.#phase = "running";
    void started.ended.then((ending) => this.#exited(started, ending));
    const process = started.identity ?? { pid: started.pid };
    const { supervision } = started;
    const told = { supervision, ...(holding === undefined ? {} : { holding }) };
    const attempt = this.#attempt;
    this.#around.report({ type: "command/report-start", commandId, attempt, process, ...told });
    const leftMs = leftOfTry(limits, started, this.#isAdopted ? this.#around.nowMs() : undefined);
    if (leftMs !== undefined) this.#cancelTimers.add(after(leftMs, () => this.stop("start_to_close")));
    this.#stallWatch = watchStall({
      execution: this.#execution,
      attempt,
      pid: started.pid,
      isAdopted: this.#isAdopted,
      outputBytes: this.#outputBytes,
      isEnding: () => this.#cause !== undefined,
      stop: () => this.stop("stalled"),
      around: this.#around,
    });
    for (const ask of this.#onceStarted.splice(0)) ask();
  }

  #grew(totalBytes: number): void {
    this.#outputBytes = totalBytes;
    this.#stallWatch?.output(totalBytes);
    const { maxOutputBytes } = this.#execution.limits;
    if (maxOutputBytes > 0 && totalBytes > maxOutputBytes) this.stop("output_limit");
    this.#around.onGrowth();
  }

  #exited(process: Supervised, ending: Ending): void {
    // What was let go has its end recorded, or the next daemon does that.
    if (this.#phase === "over") return;
    this.#process = undefined;
    this.#clearTimers();
    if (ending.isLost === true) return this.#reportLost();
    this.#phase = "ending";
    // The leader is gone; what is left of its group goes too, before a next try can begin.
    this.#remnants.leave(process);
    const exitCode = ending.exitCode ?? undefined;
    const signal = ending.signal ?? undefined;
    const wanted = this.#cause ?? causeOf(ending);
    // A command that was asked to end and ended well has ended well.
    const cause = wanted === "signalled" && exitCode === 0 ? "exited" : wanted;
    const endedAt = this.#isAdopted ? ending.endedAtMs : undefined;
    this.#isAdopted = false;
    const hold = this.#hold;
    this.#hold = undefined;
    void verdictOf(hold, process).then((verdict) =>
      this.#reportEnd({ exitCode, signal, ...judged(cause, ending, verdict) }, true, endedAt),
    );
  }

  /** Nobody knows how it ended, or whether it did: it is ended, and tried again only where that is asked for. */
  #reportLost(message = LOST_WITH_KEEPER): void {
    this.#phase = "ending";
    const hold = this.#hold;
    void Promise.resolve(hold?.kill())
      .then(() => this.#around.stopLost())
      .catch(() => undefined)
      .then(() => hold?.release())
      .then(() => this.#reportEnd({ cause: "daemon_lost", error: message }, true));
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

  #reportEnd(outcome: EndReport["outcome"], retryable: boolean, endedAt?: number): void {
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
        ...(endedAt === undefined ? {} : { endedAt }),
        ...sizes,
      }),
    );
  }

  #clearTimers(): void {
    for (const cancel of this.#cancelTimers) cancel();
    this.#cancelTimers.clear();
    this.#stallWatch?.close();
  }
}

function totalOf({ stdoutBytes, stderrBytes }: { stdoutBytes: number; stderrBytes: number }): number {
  return stdoutBytes + stderrBytes;
}
