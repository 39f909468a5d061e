import type { PlainFiles } from "../content/plainFiles.js";
import { isSame } from "../process/identity.js";
import type { ProcessInput } from "../process/input.js";
import { OutputGauge, type OutputPiece } from "../process/output.js";
import { TreeCpu } from "../process/treeCpu.js";
import type { Clock } from "../schedule/clock.js";
import { ENDING_SIGNALS } from "../session/decideExecution.js";
import type { Execution, Session } from "../session/state.js";
import { isEnded, isOver } from "../session/state.js";
import type { Beats } from "./beats.js";
import type { ContentHold } from "./contentHold.js";
import type { Committed } from "./ledger.js";
import { type OutputRange, Outputs } from "./outputs.js";
import type { Placements } from "./placements.js";
import type { Registry } from "./registry.js";
import { Reports, type ReportsParts } from "./reports.js";
import type { Found, Launcher } from "./launcher.js";
import type { Resources } from "./resources.js";
import { Run } from "./run.js";
import { type RunInputs, surroundingsOf } from "./runSurroundings.js";
import { Serial } from "../serial.js";
import { type Listening, Waiters } from "./waiters.js";

interface RunnerParts extends ReportsParts {
  readonly registry: Registry;
  readonly contentDir: string;
  readonly hold: ContentHold;
  readonly files: PlainFiles;
  readonly placements?: Pick<Placements, "ensure">;
  readonly clock: Clock;
  readonly launcher: Launcher;
  readonly resources: Pick<Resources, "prepare" | "resume" | "sessionChanged" | "close">;
  readonly beats?: Pick<Beats, "lastAt">;
}

/** What becomes of running commands when the daemon stops; `keep` is for those that can outlive it. */
export type CommandsAtStop = "keep" | "stop";

/** Runs the commands of all sessions: turns durable events into processes, and what happens to them into reports. */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #gauge: OutputGauge;
  readonly #outputs: Outputs;
  readonly #runs = new Map<string, { readonly run: Run; readonly sessionId: string }>();
  /** Runs that are over, and of which something is still being stopped. */
  readonly #settling = new Set<Run>();
  /** Inputs of commands that are on their way into the journal, by the token of their call. */
  readonly #inputs = new Map<string, RunInputs>();
  readonly #reports: Reports;
  readonly #treeCpu = new TreeCpu();
  readonly #ended = new Waiters();
  readonly #grown = new Waiters();
  /** Woken by the end of a try, whether there is a next one or not. */
  readonly #tries = new Waiters();
  /** Ends that came while no daemon was there, and are not recorded yet. */
  readonly #missed: Listening[] = [];
  #isClosing = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#reports = new Reports(parts);
    this.#outputs = new Outputs(parts.contentDir, parts.hold, parts.files, parts.placements);
    this.#gauge = new OutputGauge({
      intervalMs: 100,
      onError: (error) => parts.onError(error, "The size of a command's output cannot be read"),
    });
  }

  /**
   * Keeps what the journal does not hold until the command has been accepted; on disk until it is over, where it is to be
   * tried again when it is lost. Undone where it was refused.
   */
  async withInputs<T>(
    { commandId, token, retry }: Pick<Execution, "commandId" | "token" | "retry">,
    inputs: RunInputs,
    submit: () => Promise<T>,
  ): Promise<T> {
    const { registry, launcher } = this.#parts;
    const isKept = retry.onLost === "retry";
    if (isKept) await launcher.keepInputs(token, { stdin: undefined, ...inputs });
    // Not by the command's id: two calls may ask for the same one, and only one of them is accepted.
    this.#inputs.set(token, inputs);
    try {
      return await submit();
    } finally {
      this.#inputs.delete(token);
      if (isKept && registry.execution(commandId)?.token !== token) await launcher.forget(token);
    }
  }

  /** The effects of a durable record. */
  effects({ events, changes }: Committed): void {
    for (const event of events) {
      switch (event.type) {
        case "command/accepted":
          this.#start(event.data.commandId);
          break;
        case "command/retrying":
          this.#tries.wake(event.data.commandId);
          this.#runs.get(event.data.commandId)?.run.begin(event.data.nextAttemptAt);
          break;
        case "command/signalled":
          if (!ENDING_SIGNALS.has(event.data.signal))
            this.#send(event.data.commandId, event.data.signal, undefined);
          break;
        case "command/ended":
          this.#end(event.data.commandId);
          break;
        case "session/updated":
          if (event.data.config?.limits !== undefined)
            void this.#parts.resources.sessionChanged(event.sessionId);
          break;
        case "session/ended":
          this.stopSession(event.sessionId);
          break;
        case "checkpoint/restored":
          if (isEnded(event.data.value.status)) this.stopSession(event.sessionId);
          break;
        default:
      }
    }
    for (const execution of changes.dropped) this.#removeOutput(execution);
  }

  /** Sends an ending signal at once, before anything is journaled: stopping never waits for the disk. */
  signalNow(commandId: string, signal: NodeJS.Signals, graceMs: number | undefined): void {
    if (ENDING_SIGNALS.has(signal)) this.#send(commandId, signal, graceMs);
  }

  stopSession(sessionId: string): void {
    for (const { run, sessionId: owner } of this.#runs.values())
      if (owner === sessionId) run.stop("session_ended");
  }

  /** Resolves when the command is over, after `timeoutMs`, or when nobody waits for it any more. */
  async wait(commandId: string, timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    const execution = this.#parts.registry.committedExecutions.get(commandId);
    if (execution === undefined || isOver(execution.status)) return;
    await this.#ended.wait(commandId, timeoutMs, signal);
  }

  /** The standard input of a command that runs, where it has an open one. */
  input(commandId: string): ProcessInput | undefined {
    return this.#runs.get(commandId)?.run.input;
  }

  /** Hears from now on when the command has written more or is over. */
  listenForOutput(commandId: string): Listening {
    return this.#grown.listen(commandId);
  }

  /** A piece of what a command wrote. */
  readOutput(session: Session, commandId: string, range: OutputRange): Promise<OutputPiece> {
    return this.#outputs.read(session, commandId, range);
  }

  /** How much a command has written by now, as far as that can be read. */
  outputSizes(session: Session, commandId: string): ReturnType<Outputs["sizes"]> {
    return this.#outputs.sizes(session, commandId);
  }

  /** The process of each command that runs, from which its whole tree is found. */
  *roots(): Generator<{ sessionId: string; commandId: string; pid: number; startTicks: number | undefined }> {
    for (const [commandId, { sessionId }] of this.#runs) {
      const process = this.#parts.registry.committedExecutions.get(commandId)?.process;
      if (process !== undefined)
        yield { sessionId, commandId, pid: process.pid, startTicks: process.startTicks };
    }
  }

  /** Goes on with a command of an earlier daemon. */
  adopt(execution: Execution, session: Session, found: Found): void {
    const { launcher } = this.#parts;
    if (hasGone(execution)) this.#missed.push(this.#tries.listen(execution.commandId));
    const run = this.#makeRun(execution, session, found.inputs, found);
    const { graceMs } = execution.limits;
    if (found.state === "pause") {
      const gone = launcher.clear(found, graceMs);
      const stop = (soonerMs: number): void => void launcher.clear(found, soonerMs);
      run.resume(execution.nextAttemptAt ?? 0, { gone, stop });
    } else if (found.state === "lost") run.resumeLost(found.attempt);
    else run.adopt((_, request) => launcher.resume(found, request));
    if (isEnded(session.status)) run.stop("session_ended");
  }

  /** Resolves when the ends that came while no daemon was there are recorded, or after `patienceMs`. */
  async caughtUp(patienceMs: number): Promise<void> {
    await Promise.all(this.#missed.splice(0).map((missed) => missed.heard(patienceMs)));
  }

  /**
   * Stops every command, because the daemon stops, or those that cannot outlive it; resolves when their ends are recorded
   * or time is up, and what they left in their groups is gone or given up.
   */
  async close(how: {
    readonly graceMs: number;
    readonly patienceMs: number;
    readonly commands: CommandsAtStop;
  }): Promise<void> {
    const { graceMs, patienceMs, commands } = how;
    this.#isClosing = true;
    const ends = [...this.#runs].map(async ([commandId, { run }]) => {
      if (commands === "keep" && (await run.isKept())) return;
      run.stop("daemon_stopped", graceMs);
      await this.#ended.wait(commandId, patienceMs);
      await run.settled();
    });
    const remnants = [...this.#settling].map((run) => run.stopRemnants(graceMs));
    await Promise.all([...ends, ...remnants]);
    this.#reports.close();
    for (const { run } of this.#runs.values()) run.close();
    this.#parts.launcher.close();
    this.#parts.resources.close();
    this.#gauge.close();
    this.#ended.close();
    this.#tries.close();
    this.#grown.close();
  }

  #start(commandId: string): void {
    const { registry } = this.#parts;
    const execution = registry.execution(commandId);
    if (execution === undefined) return;
    const inputs = this.#inputs.get(execution.token);
    // At head the session may have ended already; if that becomes durable, its effect stops the command.
    const session = registry.committedSessions.get(execution.sessionId);
    if (inputs === undefined || session === undefined) return;
    const run = this.#makeRun(execution, session, inputs);
    // A signal that ends it may have come while it was on its way into the journal. Stopping never waits for the disk.
    if (execution.cancelled) run.stop("signalled");
    else if (this.#isClosing) run.stop("daemon_stopped");
    else run.begin();
  }

  #makeRun(execution: Execution, session: Session, inputs: RunInputs, found?: Found): Run {
    const { commandId, sessionId } = execution;
    const reports = new Serial();
    const around = surroundingsOf(this.#parts, { execution, session, found });
    const run = new Run(execution, inputs, {
      ...around,
      gauge: this.#gauge,
      prepare: () => this.#outputs.prepare(session, execution),
      sizes: () => this.#outputs.sizes(session, commandId),
      report: (command) => void reports.run(() => this.#reports.give(command)),
      onGrowth: () => this.#grown.wake(commandId),
      cpuMs: (pid) => this.#treeCpu.usedMs(pid),
    });
    this.#runs.set(commandId, { run, sessionId });
    return run;
  }

  #send(commandId: string, signal: string, graceMs: number | undefined): void {
    this.#runs
      .get(commandId)
      ?.run.signal(signal as NodeJS.Signals, { ends: ENDING_SIGNALS.has(signal), graceMs });
  }

  #end(commandId: string): void {
    const run = this.#runs.get(commandId)?.run;
    const execution = this.#parts.registry.committedExecutions.get(commandId);
    if (run !== undefined) this.#letGo(run, execution);
    this.#runs.delete(commandId);
    this.#ended.wake(commandId);
    this.#tries.wake(commandId);
    this.#grown.wake(commandId);
  }

  #letGo(run: Run, execution: Execution | undefined): void {
    run.close();
    this.#settling.add(run);
    void this.#forget(run, execution);
  }

  /** Nothing of a command is left to do once what it left behind is gone. */
  async #forget(run: Run, execution: Execution | undefined): Promise<void> {
    await run.settled();
    this.#settling.delete(run);
    if (execution !== undefined) await this.#parts.launcher.forget(execution.token);
  }

  #removeOutput({ commandId, sessionId }: Execution): void {
    const { registry, onError } = this.#parts;
    const session = registry.session(sessionId);
    if (session === undefined) return;
    const isInUse = (): boolean => registry.execution(commandId)?.sessionId === sessionId;
    this.#outputs
      .remove(session, commandId, isInUse)
      .catch((error: unknown) => onError(error, "The output of an old command cannot be removed"));
  }
}

/** Whether a command that is said to run does not. */
function hasGone({ status, process }: Execution): boolean {
  if (status !== "running" || process?.startTicks === undefined || process.bootId === undefined) return false;
  return !isSame({ pid: process.pid, startTicks: process.startTicks, bootId: process.bootId });
}
