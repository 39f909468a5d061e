import { resolve } from "node:path";

import type { Json } from "../src/protocol/json.js";
import type { CommandShape, Params, Result, SessionShape } from "../src/protocol/types.js";
import type { Call, ItemOf } from "./callTypes.js";
import { CommandHandle } from "./commandHandle.js";
import { ownEnvironment, type RunOptions, type StartOptions } from "./commandOptions.js";
import { Conversation } from "./conversation.js";
import { ClientClosedError, CommandFailedError } from "./errors.js";
import { Heartbeat } from "./heartbeat.js";
import type { ClaimOptions, Lease } from "./lease.js";
import { leasedCall } from "./leasedCall.js";
import { type InvocationFilter, track, type TrackedCall, type TrackOptions } from "./invocations.js";
import { SessionLogger } from "./logger.js";
import { LogQueue } from "./logQueue.js";
import { pages } from "./pages.js";
import { type ActivityFilter, decisionActivity, errorActivity } from "./auditTrail.js";
import { isSessionOver } from "./refusals.js";
import { SessionMetadata } from "./sessionMetadata.js";
import type { BindOptions, EndStatus, SessionWays } from "./sessionWays.js";

/** Longest reason that the protocol takes, in characters. */
const REASON_LENGTH = 4_096;

/**
 * One session, held by this program: heartbeats are sent for it as long as it goes on, and `await using` ends
 * it as completed. `detach()` lets it live on.
 */
export class Session implements AsyncDisposable {
  readonly sessionId: string;
  /** The session's own key-value store. */
  readonly metadata: SessionMetadata;
  /** What is said in the session. */
  readonly conversation: Conversation;
  readonly #ways: SessionWays;
  readonly #call: Call;
  readonly #heartbeat: Heartbeat;
  readonly #logQueue: LogQueue;
  #workingDirectory: string | undefined;
  #isLetGo = false;
  #lease: Lease | undefined;
  #isOver = false;

  constructor(ways: SessionWays, session: SessionShape) {
    const call = leasedCall(ways.call, () => (this.#lease?.isReleased === true ? undefined : this.#lease));
    this.sessionId = session.sessionId;
    this.#call = call;
    this.#ways = ways;
    this.metadata = new SessionMetadata(call, session.sessionId);
    this.conversation = new Conversation(call, session.sessionId);
    this.#heartbeat = new Heartbeat(() => this.#beat());
    this.#logQueue = new LogQueue(call, session.sessionId);
    this.#learn(session);
  }

  /** The session as it is now. */
  async get(): Promise<SessionShape> {
    return this.#learn(await this.#call("session/get", this.#self));
  }

  /** Changes what is given; null removes a text. */
  async update(
    changes: Omit<Params<"session/update">, "sessionId" | "idempotencyKey">,
  ): Promise<Result<"session/update">> {
    return this.#learn(await this.#call("session/update", { ...this.#self, ...changes }));
  }

  /** Records an activity, with what it cost where that is known. Answers its number in the journal. */
  record(
    action: string,
    details?: Json,
    usage?: Params<"session/record">["usage"],
  ): Promise<Result<"session/record">> {
    return this.#call("session/record", { ...this.#self, action, details, usage });
  }

  /** Records that something happened, for the audit trail: an activity of the kind `event`. */
  logEvent(name: string, details?: Json): Promise<Result<"session/record">> {
    return this.#call("session/record", { ...this.#self, kind: "event", action: name, details });
  }

  /** Records an error for the audit trail, of whatever type, with what it was about: cut where it is large. */
  logError(error: unknown, context?: object): Promise<Result<"session/record">> {
    return this.#call("session/record", { ...this.#self, ...errorActivity(error, context) });
  }

  /** Records a decision for the audit trail: what, why, and what else there was to choose from. */
  logDecision(
    what: string,
    why: string,
    alternatives?: string | readonly string[],
  ): Promise<Result<"session/record">> {
    return this.#call("session/record", { ...this.#self, ...decisionActivity(what, why, alternatives) });
  }

  /** The activities, newest first unless asked otherwise: all, or of a kind, an action, a time. */
  activities(options: ActivityFilter = {}): AsyncGenerator<ItemOf<"session/activities">, void, undefined> {
    return pages(this.#call, "session/activities", { ...this.#self, ...options });
  }

  /**
   * Runs `work` and records it as an invocation of a tool: its start, its end, its duration, and the message of an error
   * that it throws. The record stands behind the work: see README.md for what becomes of it where the daemon is away.
   */
  track<T>(
    tool: string,
    work: (tracked: TrackedCall) => T | Promise<T>,
    options?: TrackOptions<T>,
  ): Promise<T> {
    return track(this.#call, this.sessionId, tool, work, options);
  }

  /** The invocations by their ends, newest first unless asked otherwise; those that run are the newest. */
  invocations(options: InvocationFilter = {}): AsyncGenerator<ItemOf<"invocation/list">, void, undefined> {
    return pages(this.#call, "invocation/list", { ...this.#self, ...options });
  }

  /** Counts as activity: the idle time starts anew. */
  touch(): Promise<Result<"session/touch">> {
    return this.#call("session/touch", this.#self);
  }

  /** Durations, counts, totals, and what is left of the limits. */
  stats(): Promise<Result<"session/stats">> {
    return this.#call("session/stats", this.#self);
  }

  /** What its processes used over a time, an hour unless asked otherwise, and what was counted in it. */
  metrics(options: Omit<Params<"metrics/get">, "sessionId"> = {}): Promise<Result<"metrics/get">> {
    return this.#call("metrics/get", { ...this.#self, ...options });
  }

  /** Its processes as they are now, by their ids. */
  processes(): AsyncGenerator<ItemOf<"session/processes">, void, undefined> {
    return pages(this.#call, "session/processes", this.#self);
  }

  pause(reason?: string): Promise<Result<"session/pause">> {
    return this.#call("session/pause", { ...this.#self, reason });
  }

  resume(): Promise<Result<"session/resume">> {
    return this.#call("session/resume", this.#self);
  }

  /** Ends the session; what runs in it is stopped. A reason that is too long is cut. */
  async end(status: EndStatus = "completed", reason?: string): Promise<Result<"session/end">> {
    const cut = reason?.slice(0, REASON_LENGTH);
    return this.#learn(await this.#call("session/end", { ...this.#self, status, reason: cut }));
  }

  /**
   * Claims the session: from now on only this handle may write to it, until the lease is released or lost, or the session
   * ends. A handle that has it already answers the lease that it has.
   *
   * @throws {SessiondError} `lease_held` when somebody else has it, unless `takeover` takes it from them.
   */
  async claim(options?: ClaimOptions): Promise<Lease> {
    const has = this.#lease;
    if (has !== undefined && !has.isReleased && !has.lost.aborted) return has;
    return (this.#lease = await this.#ways.claim(this.sessionId, options));
  }

  /**
   * Binds the session to a process, this one unless a pid is given: when that is gone the session ends, as `onExit` has
   * it. The daemon never signals it. @throws {SessiondError} `process_not_bindable` also where it is somebody else's
   */
  async bind(pid: number = process.pid, options: BindOptions = {}): Promise<Result<"session/bind">> {
    return this.#learn(await this.#call("session/bind", { ...this.#self, pid, ...options }));
  }

  /** Lets the session go on without the process that it is bound to. */
  async unbind(): Promise<Result<"session/unbind">> {
    return this.#learn(await this.#call("session/unbind", this.#self));
  }

  /**
   * Makes a session as a copy of this one, with its conversation up to a message where that is said, and answers a
   * handle on it.
   */
  async clone(options: Omit<Params<"session/clone">, "sessionId" | "idempotencyKey"> = {}): Promise<Session> {
    const made = await this.#ways.call("session/clone", { ...this.#self, ...options });
    return new Session(this.#ways, made);
  }

  /** Has the daemon write the session into a new file. One that ends in .jsonl or .jsonl.gz gets everything. */
  export(
    path: string,
    options: { readonly includeSecrets?: boolean } = {},
  ): Promise<Result<"session/export">> {
    return this.#call("session/export", { ...this.#self, path: resolve(path), ...options });
  }

  /** Keeps the session as it is now, to be restored later. */
  checkpoint(label?: string): Promise<Result<"checkpoint/create">> {
    return this.#call("checkpoint/create", { ...this.#self, label });
  }

  /** The checkpoints, newest first; those that restores made are `automatic`. */
  checkpoints(): AsyncGenerator<ItemOf<"checkpoint/list">, void, undefined> {
    return pages(this.#call, "checkpoint/list", this.#self);
  }

  /**
   * Brings the session back to a checkpoint, the newest that is not automatic unless an id is given. To restore `undo`
   * of the answer undoes it. A session that had ended is held again if it is active now.
   */
  async restore(checkpointId?: string): Promise<Result<"checkpoint/restore">> {
    return this.#learn(await this.#call("checkpoint/restore", { ...this.#self, checkpointId }));
  }

  /** Lets the session live on: it is not ended when it is disposed of, and heartbeats are up to others. */
  detach(): void {
    this.#isLetGo = true;
    this.#heartbeat.stop();
  }

  /**
   * Starts a command and answers a handle as soon as the daemon has accepted it. The command gets the whole
   * environment of this process, and runs in the session's working directory, or in that of this process if
   * the session has none; `env` and `cwd` say otherwise.
   */
  async start(argv: readonly string[], options: StartOptions = {}): Promise<CommandHandle> {
    const { signal, ...rest } = options;
    const cwd = rest.cwd ?? (this.#workingDirectory === undefined ? process.cwd() : undefined);
    const params = { ...this.#self, env: ownEnvironment(), ...rest, argv: [...argv], cwd };
    const { commandId } = await this.#call("command/start", params, { signal });
    return this.command(commandId);
  }

  /**
   * Runs a command to its end, retries included, and answers it, whatever its exit code is.
   *
   * @throws {CommandFailedError} with `check`, unless it succeeded.
   */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<CommandShape> {
    const { check = false, ...rest } = options;
    // Not `command/run`: its answer may take longer than the daemon remembers the key of the call.
    const handle = await this.start(argv, rest);
    const command = await handle.wait({ signal: rest.signal });
    if (check && command.status !== "succeeded") throw new CommandFailedError(command);
    return command;
  }

  /** A handle on a command that was started before, maybe by another program. */
  command(commandId: string): CommandHandle {
    return new CommandHandle(this.#call, commandId);
  }

  /** A logger of the session's own log, for a part of the program. Its lines are flushed when the session closes. */
  logger(component?: string): SessionLogger {
    return new SessionLogger(this.#logQueue, component);
  }

  /**
   * Ends the session unless it has ended or was detached; then its lease is released. One that is over for another reason, a time limit
   * say, stays as it is.
   */
  async close(status: EndStatus = "completed", reason?: string): Promise<void> {
    await this.#logQueue.flush();
    if (this.#isLetGo || this.#isOver) return this.#lease?.release();
    try {
      await this.end(status, reason);
    } catch (error) {
      if (!isSessionOver(error)) throw error;
    } finally {
      this.detach();
    }
  }

  /** Ends the session as completed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #self(): { sessionId: string } {
    return { sessionId: this.sessionId };
  }

  #learn<T extends SessionShape>(session: T): T {
    this.#workingDirectory = session.workingDirectory;
    this.#isOver = session.endedAt !== undefined;
    if (this.#isOver) {
      this.#lease?.drop();
      this.#heartbeat.stop();
    } else if (!this.#isLetGo) this.#heartbeat.keepUp(session.config.heartbeatTimeoutMs);
    return session;
  }

  async #beat(): Promise<boolean> {
    try {
      await this.#call("session/heartbeat", this.#self);
      return true;
    } catch (error) {
      // Anything else can pass: the next beat tries again.
      return !isSessionOver(error) && !(error instanceof ClientClosedError);
    }
  }
}
