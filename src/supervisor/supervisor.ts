import type { FolderOwner } from "../content/places.js";
import type { Journal } from "../journal/index.js";
import { RefusalError } from "../protocol/errors.js";
import type { SessionConfigShape } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import type { Command } from "../session/commands.js";
import { commandNotFound, sessionNotFound } from "../session/decision.js";
import type { Execution, Session } from "../session/state.js";
import type { Alerts } from "./alerts/alerts.js";
import type { Archiver } from "./archiver.js";
import type { Backups } from "./backup/backups.js";
import type { Beats } from "./beats.js";
import type { Bindings } from "./bindings.js";
import type { Bodies } from "./bodies.js";
import { Checkpoints } from "./checkpoints.js";
import { openContent } from "./content.js";
import type { Feed } from "./feed.js";
import { openSessionFiles } from "./files/openSessionFiles.js";
import type { SessionFiles } from "./files/sessionFiles.js";
import { type KeyedCall, Keys } from "./keys.js";
import type { Launcher } from "./launcher.js";
import type { Leases } from "./leases.js";
import type { Answer, SubmitOptions } from "./ledger.js";
import type { Limits } from "./limits.js";
import type { Metrics } from "./metrics/metrics.js";
import type { SupervisorOptions } from "./options.js";
import { recover, type Recovery } from "./recover.js";
import { Registry } from "./registry.js";
import type { RetentionRuns } from "./retention/runs.js";
import { composeRooms, type Recovered, type Rooms } from "./rooms.js";
import type { Runner } from "./runner.js";
import type { Search } from "./search/search.js";
import { takeOver } from "./takeOver.js";
import { Transfers } from "./transfers.js";
import type { Workspaces } from "./workspaces/workspaces.js";

export type { Session } from "../session/state.js";

/** How long a stop saves bodies, and then the files for people: the next start goes on with what is left. */
const PATIENCE_MS = 2_000;

/** Everything about sessions and their commands, behind one face. */
export class Supervisor {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
  readonly checkpoints: Checkpoints;
  readonly beats: Beats;
  readonly limits: Limits;
  readonly journal: Journal;
  readonly feed: Feed;
  readonly runner: Runner;
  readonly backups: Backups;
  readonly transfers = new Transfers();
  readonly archiver: Archiver;
  readonly retention: RetentionRuns;
  readonly workspaces: Workspaces;
  readonly leases: Leases;
  readonly bindings: Bindings;
  readonly search: Search;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  #files: SessionFiles | undefined;
  #recovery: Recovery = { records: 0, adoptedCommands: 0, lostCommands: 0, durationMs: 0 };
  readonly #options: SupervisorOptions;
  readonly #rooms: Rooms;

  /** Recovers what was acknowledged, stops what an earlier daemon left running, and is ready for work. */
  static async open(options: SupervisorOptions): Promise<Supervisor> {
    const startedMs = performance.now();
    const registry = new Registry({ keepPerSession: options.keepCommandsPerSession });
    const keys = new Keys(options.idempotency);
    const content = openContent(options);
    const checkpoints = new Checkpoints({ ...options, ...content });
    const state = { registry, keys, checkpoints, ...content };
    const { journal, records, deleted, unarchived, links } = await recover(options, state);
    try {
      const supervisor = new Supervisor(options, { ...state, journal });
      await supervisor.#openFiles(deleted);
      const commands = await takeOver({
        registry,
        launcher: supervisor.#rooms.launcher,
        runner: supervisor.runner,
        resources: supervisor.#rooms.resources,
        contentDir: options.contentDir,
        record: (command) => supervisor.submit(command, { isOwn: true }),
      });
      await supervisor.bindings.begin();
      await supervisor.workspaces.begin();
      supervisor.files?.begin();
      supervisor.#rooms.leftovers.begin(deleted);
      supervisor.leases.begin();
      for (const link of links) supervisor.#rooms.links.add(link);
      checkpoints.begin();
      supervisor.metrics.begin();
      supervisor.archiver.begin(unarchived);
      supervisor.alerts.begin();
      void supervisor.#checkJournal();
      const durationMs = Math.round(performance.now() - startedMs);
      supervisor.#recovery = { records, ...commands, durationMs };
      return supervisor;
    } catch (error) {
      // Whoever opened it goes on to let the lock go: nothing here may still write then.
      await journal.close().catch(() => undefined);
      throw error;
    }
  }

  private constructor(options: SupervisorOptions, recovered: Recovered) {
    this.#options = options;
    this.#rooms = composeRooms(options, recovered, {
      submit: (command, how) => this.submit(command, how),
      files: () => this.#files,
    });
    this.registry = recovered.registry;
    this.keys = recovered.keys;
    this.bodies = recovered.bodies;
    this.checkpoints = recovered.checkpoints;
    this.journal = recovered.journal;
    this.beats = this.#rooms.beats;
    this.limits = this.#rooms.limits;
    this.feed = this.#rooms.feed;
    this.runner = this.#rooms.runner;
    this.backups = this.#rooms.backups;
    this.archiver = this.#rooms.archiver;
    this.retention = this.#rooms.retention;
    this.workspaces = this.#rooms.workspaces;
    this.leases = this.#rooms.leases;
    this.bindings = this.#rooms.bindings;
    this.search = this.#rooms.search;
    this.metrics = this.#rooms.metrics;
    this.alerts = this.#rooms.alerts;
  }

  /** What the start found. */
  get recovery(): Recovery {
    return this.#recovery;
  }

  /** What stands between the daemon and the commands that it starts. */
  get supervision(): Launcher["supervision"] {
    return this.#rooms.launcher.supervision;
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

  get dataDir(): string {
    return this.#options.dataDir;
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

  /** Whether a call is made for the first time, as far as its key tells. */
  isNew(call: KeyedCall | undefined): boolean {
    return call === undefined || this.keys.find(call, this.clock.nowMs()).state === "new";
  }

  /** The answer to a call whose key was used before; undefined where it is new. */
  repeat(call: KeyedCall | undefined): Promise<Answer> | undefined {
    return call === undefined ? undefined : this.#rooms.ledger.repeat(call);
  }

  /** The one way to change anything. See `Ledger.submit`. */
  submit(command: Command, options?: SubmitOptions): Promise<Answer> {
    return this.#rooms.ledger.submit(command, options);
  }

  /** Resolves where a command would be taken now. @throws RefusalError as `submit` would */
  foresee(command: Command): Promise<void> {
    return this.#rooms.ledger.foresee(command);
  }

  /** Calls back with every session that a durable event changed, and now with all that there are. */
  onSession(listener: (session: Session) => void): void {
    this.#rooms.effects.onSession(listener);
    for (const session of this.registry.committedSessions.values()) listener(session);
  }

  /** Whether a snapshot is worth its cost, and may be written. */
  get needsSnapshot(): boolean {
    return this.#rooms.snapshots.areNeeded;
  }

  /** Writes the whole state, so that a start need not replay the journal. See `Snapshots.write`. */
  snapshot(): Promise<void> {
    return this.#rooms.snapshots.write();
  }

  /** Reads what the start took on trust. No state depends on it, so damage there is told, and ends nothing. */
  async #checkJournal(): Promise<void> {
    await this.journal.checkKept().catch((err: unknown) => {
      const message =
        "What the journal keeps for subscribers is damaged; the state is whole, and everything else goes on";
      this.#options.log.error({ err, event: "journal.damaged" }, message);
    });
  }

  async #openFiles(deleted: readonly FolderOwner[]): Promise<void> {
    const files = await openSessionFiles({ ...this.#options, supervisor: this, deleted });
    if (files !== undefined) this.#rooms.effects.onCommitted((committed) => files.note(committed));
    this.#files = files;
  }

  /** Saves the bodies and the files for people, as far as time allows, and closes the journal. */
  async close(): Promise<void> {
    await this.backups.close();
    await this.alerts.close();
    await this.workspaces.close();
    await this.#rooms.leftovers.close();
    await this.#rooms.links.close();
    await this.search.close();
    await this.metrics.close(PATIENCE_MS);
    await this.archiver.close();
    await this.bodies.save(undefined, PATIENCE_MS).catch((err: unknown) => {
      this.#options.log.warn({ err }, "Bodies could not be saved; the journal still has them");
    });
    await this.checkpoints.close(PATIENCE_MS);
    await this.#files?.close(PATIENCE_MS);
    if (this.#files?.isSettled !== false) await this.#rooms.snapshots.writeAtStop();
    await this.journal.close();
  }
}
