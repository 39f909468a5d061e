import { SessionFolder } from "../content/sessionFolder.js";
import type { Journal } from "../journal/index.js";
import { RefusalError } from "../protocol/errors.js";
import type { SessionConfigShape, SessionShape } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import type { Command, ExpiredLimit } from "../session/commands.js";
import { type DeadlineTimes, nextDeadline } from "../session/deadline.js";
import { commandNotFound, sessionNotFound } from "../session/decision.js";
import type { Execution, Session } from "../session/state.js";
import { isEnded } from "../session/state.js";
import { Backups } from "./backup/backups.js";
import { Beats } from "./beats.js";
import { Bodies } from "./bodies.js";
import { ContentHold } from "./contentHold.js";
import { Effects } from "./effects.js";
import { SessionFiles } from "./files/sessionFiles.js";
import { Feed } from "./feed.js";
import { type KeyedCall, Keys } from "./keys.js";
import { type Answer, Ledger, type SubmitOptions } from "./ledger.js";
import { reconcile } from "./reconcile.js";
import { Registry } from "./registry.js";
import { Runner } from "./runner.js";
import type { SupervisorOptions } from "./options.js";
import { recover } from "./recover.js";
import { snapshotEntries } from "./snapshot.js";

export type { Session } from "../session/state.js";

/** How long a stop saves bodies: the journal has them, and the next start goes on with it. */
const BODIES_PATIENCE_MS = 2_000;
/** How long a stop waits for the files for people, which the next start would write as well. */
const FILES_PATIENCE_MS = 2_000;

/** What a start found. */
export interface Recovery {
  readonly records: number;
  readonly lostCommands: number;
  readonly durationMs: number;
}

/** Everything about sessions and their commands, behind one face. */
export class Supervisor {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
  readonly beats: Beats;
  readonly journal: Journal;
  readonly feed: Feed;
  readonly runner: Runner;
  readonly backups: Backups;
  #files: SessionFiles | undefined;
  #recovery: Recovery = { records: 0, lostCommands: 0, durationMs: 0 };
  readonly #ledger: Ledger;
  readonly #options: SupervisorOptions;
  readonly #effects: Effects;
  readonly #hold: ContentHold;

  /** Recovers what was acknowledged, stops what an earlier daemon left running, and is ready for work. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const startedMs = performance.now();
    const registry = new Registry({ keepPerSession: options.keepCommandsPerSession });
    const keys = new Keys(options.idempotency);
    const hold = new ContentHold();
    const bodies = new Bodies({ contentDir: options.contentDir, hold });
    const { journal, records } = await recover(options, { registry, keys, bodies });
    const supervisor = new Supervisor(options, { registry, keys, bodies, journal, hold });
    await supervisor.#openFiles(options.sessionsDir);
    const lostCommands = await reconcile({
      executions: registry.committedExecutions.values(),
      record: (command) => supervisor.submit(command, { isOwn: true }),
      maxGraceMs: 1_000,
    });
    supervisor.files?.begin();
    const durationMs = Math.round(performance.now() - startedMs);
    supervisor.#recovery = { records, lostCommands, durationMs };
    return supervisor;
  }

  private constructor(
    options: SupervisorOptions,
    parts: { registry: Registry; keys: Keys; bodies: Bodies; journal: Journal; hold: ContentHold },
  ) {
    const { clock, bounds, contentDir, dataDir, log, sessionLog, sessionLogs } = options;
    const { registry, keys, bodies, journal, hold } = parts;
    this.#options = options;
    this.#hold = hold;
    this.registry = registry;
    this.keys = keys;
    this.bodies = bodies;
    this.journal = journal;
    this.beats = new Beats(clock);
    this.feed = new Feed(journal);
    this.backups = new Backups({ ...parts, clock, contentDir, dataDir, log });
    this.runner = new Runner({
      registry,
      contentDir,
      hold,
      clock,
      record: (command) => this.submit(command, { isOwn: true }),
      onError: (err, what) => log.warn({ err }, what),
    });
    this.#effects = new Effects({
      beats: this.beats,
      bodies,
      runner: this.runner,
      log,
      sessionLog,
      sessionLogs,
    });
    this.#ledger = new Ledger({
      journal,
      registry,
      keys,
      feed: this.feed,
      clock,
      bounds,
      onCommitted: (committed) => this.#effects.run(committed),
    });
  }

  /** What the start found. */
  get recovery(): Recovery {
    return this.#recovery;
  }

  /** The files for people; none for a daemon in memory. */
  get files(): SessionFiles | undefined {
    return this.#files;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  get sessionDefaults(): SessionConfigShape {
    return this.#options.sessionDefaults;
  }

  get socket(): string | undefined {
    return this.#options.socket;
  }

  /** The durable session of an id. @throws RefusalError where there is none */
  session(sessionId: string): Session {
    const session = this.registry.committedSessions.get(sessionId);
    if (session === undefined) throw new RefusalError(sessionNotFound(sessionId).refusal);
    return session;
  }

  /** The durable command of an id. @throws RefusalError where there is none */
  execution(commandId: string): Execution {
    const execution = this.registry.committedExecutions.get(commandId);
    if (execution === undefined) throw new RefusalError(commandNotFound(commandId).refusal);
    return execution;
  }

  /** Somebody still cares for the session; answers its status. @throws RefusalError where it has ended */
  heartbeat(sessionId: string): SessionShape["status"] {
    const { status } = this.session(sessionId);
    if (isEnded(status)) {
      const message = `Session "${sessionId}" has ended (${status}): it needs no heartbeat.`;
      throw new RefusalError({ type: "session_not_active", message, details: { status } });
    }
    this.beats.beat(sessionId);
    return status;
  }

  /** What a session's limits are held against now. */
  times(session: Session): DeadlineTimes {
    const beatUp = session.config.heartbeatTimeoutMs > 0 ? this.beats.since(session.sessionId) : 0;
    return { at: this.clock.nowMs(), up: this.clock.upMs(), beatUp };
  }

  /** The limit of a session that runs out first, and what is left of it; undefined where none is in force. */
  nextDeadline(session: Session): { readonly limit: ExpiredLimit; readonly leftMs: number } | undefined {
    return nextDeadline(session, this.times(session));
  }

  /** Whether a call is made for the first time, as far as its key tells. */
  isNew(call: KeyedCall | undefined): boolean {
    return call === undefined || this.keys.find(call, this.clock.nowMs()).state === "new";
  }

  /** The answer to a call whose key was used before; undefined where it is new. */
  repeat(call: KeyedCall | undefined): Promise<Answer> | undefined {
    return call === undefined ? undefined : this.#ledger.repeat(call);
  }

  /** The one way to change anything. See `Ledger.submit`. */
  submit(command: Command, options?: SubmitOptions): Promise<Answer> {
    return this.#ledger.submit(command, options);
  }

  /** Ends a session whose limit has run out. */
  expire({ sessionId, config }: Session, limit: ExpiredLimit): Promise<Answer> {
    const limits = {
      idle: config.idleTimeoutMs,
      lifetime: config.lifetimeMs,
      heartbeat: config.heartbeatTimeoutMs,
    };
    const afterMs = limits[limit];
    return this.submit({ type: "session/expire", sessionId, limit, afterMs }, { isOwn: true });
  }

  /** Calls back with every session that a durable event changed, and now with all that there are. */
  onSession(listener: (session: Session) => void): void {
    this.#effects.onSession(listener);
    for (const session of this.registry.committedSessions.values()) listener(session);
  }

  /**
   * Whether a snapshot is worth its cost. None is taken while content is held: what is to be removed then has to be
   * in the journal behind the last snapshot, so that the next start removes it if this daemon does not come to it.
   */
  get needsSnapshot(): boolean {
    return !this.#hold.isBusy && this.journal.needsSnapshot();
  }

  /** Writes the whole state, so that a start need not replay the journal. Bodies are saved before. */
  async snapshot(): Promise<number> {
    await this.bodies.save();
    return this.journal.snapshot(snapshotEntries(this));
  }

  /** Stops all commands; resolves when their ends are recorded, or after `patienceMs`. */
  async stopCommands(options: { readonly graceMs: number; readonly patienceMs: number }): Promise<void> {
    await this.runner.close(options.graceMs, options.patienceMs);
  }

  async #openFiles(sessionsDir: string | undefined): Promise<void> {
    if (sessionsDir === undefined) return;
    const { clock, log, sessionDefaults } = this.#options;
    const files = new SessionFiles({
      folder: await SessionFolder.open(sessionsDir),
      sessions: this.registry.committedSessions,
      committedSeq: () => this.journal.committed,
      bodies: this.bodies,
      clock,
      log,
      autoSaveIntervalMs: sessionDefaults.autoSaveIntervalMs,
    });
    this.#effects.onCommitted((committed) => files.note(committed));
    this.#files = files;
  }

  /** Saves the bodies and the files for people, as far as time allows, and closes the journal. */
  async close(): Promise<void> {
    await this.backups.close();
    await this.bodies.save(undefined, BODIES_PATIENCE_MS).catch((err: unknown) => {
      this.#options.log.warn({ err }, "Bodies could not be saved; the journal still has them");
    });
    await this.#files?.close(FILES_PATIENCE_MS);
    await this.journal.close();
  }
}
