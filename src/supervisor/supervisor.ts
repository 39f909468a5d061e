import type { FolderOwner } from "../content/places.js";
import type { Journal } from "../journal/index.js";
import { RefusalError } from "../protocol/errors.js";
import type { SessionConfigShape } from "../protocol/types.js";
import type { Clock } from "../schedule/clock.js";
import type { Command } from "../session/commands.js";
import { commandNotFound, sessionNotFound } from "../session/decision.js";
import type { Execution, Session } from "../session/state.js";
import { Archiver } from "./archiver.js";
import { Backups } from "./backup/backups.js";
import { Beats } from "./beats.js";
import type { Bodies } from "./bodies.js";
import { Checkpoints } from "./checkpoints.js";
import { type Content, openContent } from "./content.js";
import { Effects } from "./effects.js";
import { openSessionFiles } from "./files/openSessionFiles.js";
import type { SessionFiles } from "./files/sessionFiles.js";
import { InvocationLinks } from "./invocationLinks.js";
import { Feed } from "./feed.js";
import { type KeyedCall, Keys } from "./keys.js";
import { type Answer, Ledger, type SubmitOptions } from "./ledger.js";
import { Launcher } from "./launcher.js";
import { Leases } from "./leases.js";
import { Leftovers } from "./leftovers.js";
import { Limits } from "./limits.js";
import { Registry } from "./registry.js";
import { HeldBytes } from "./retention/heldBytes.js";
import { RetentionRuns } from "./retention/runs.js";
import { Runner } from "./runner.js";
import type { SupervisorOptions } from "./options.js";
import { recover, type Recovery } from "./recover.js";
import { Search } from "./search/search.js";
import { Snapshots } from "./snapshots.js";
import { takeOver } from "./takeOver.js";
import { Transfers } from "./transfers.js";
import { Workspaces } from "./workspaces/workspaces.js";

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
  readonly search: Search;
  #files: SessionFiles | undefined;
  #recovery: Recovery = { records: 0, adoptedCommands: 0, lostCommands: 0, durationMs: 0 };
  readonly #ledger: Ledger;
  readonly #options: SupervisorOptions;
  readonly #launcher: Launcher;
  readonly #effects: Effects;
  readonly #snapshots: Snapshots;
  readonly #leftovers: Leftovers;
  readonly #links: InvocationLinks;

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
        launcher: supervisor.#launcher,
        runner: supervisor.runner,
        contentDir: options.contentDir,
        record: (command) => supervisor.submit(command, { isOwn: true }),
      });
      await supervisor.workspaces.begin();
      supervisor.files?.begin();
      supervisor.#leftovers.begin(deleted);
      supervisor.leases.begin();
      for (const link of links) supervisor.#links.add(link);
      checkpoints.begin();
      supervisor.archiver.begin(unarchived);
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

  private constructor(
    options: SupervisorOptions,
    parts: Pick<Supervisor, "registry" | "keys" | "checkpoints" | "journal"> & Content,
  ) {
    const { clock, bounds, contentDir, checkpointsDir, dataDir, log, sessionLogs } = options;
    const { registry, keys, bodies, checkpoints, journal, hold } = parts;
    const sessions = registry.committedSessions;
    this.#options = options;
    this.#leftovers = new Leftovers({ contentDir, hold, sessionLogs, log });
    this.#links = new InvocationLinks({ contentDir, hold, sessions, log });
    this.registry = registry;
    this.keys = keys;
    this.bodies = bodies;
    this.checkpoints = checkpoints;
    this.journal = journal;
    this.beats = new Beats(clock);
    const submit = (command: Command, how: SubmitOptions): Promise<Answer> => this.submit(command, how);
    const record = (command: Command): Promise<Answer> => this.submit(command, { isOwn: true });
    this.limits = new Limits({ clock, beats: this.beats, record });
    this.feed = new Feed(journal);
    this.backups = new Backups({ ...parts, clock, contentDir, checkpointsDir, dataDir, log });
    this.workspaces = new Workspaces({ dataDir, isTemporary: !options.journal, registry, record, log });
    this.retention = new RetentionRuns({
      ...parts,
      clock,
      submit,
      heldBytes: new HeldBytes({
        ...options,
        ...parts,
        workspaces: this.workspaces,
        files: () => this.#files,
      }),
      isSpared: ({ sessionId }) => registry.things.chains.isReferredTo(sessionId),
      log,
      settings: options.retention,
    });
    this.archiver = new Archiver({ ...parts, contentDir, sessions, log });
    this.#snapshots = new Snapshots({ ...parts, links: this.#links, archiver: this.archiver, log });
    this.leases = new Leases({ registry, clock, submit, graceMs: options.leaseGraceMs });
    this.runner = new Runner({
      ...parts,
      launcher: (this.#launcher = new Launcher(options)),
      contentDir,
      clock,
      record,
      onError: (err, what) => log.warn({ err }, what),
      onRecovery: (what) => log.info({}, what),
    });
    this.#effects = new Effects({
      ...parts,
      ...options,
      beats: this.beats,
      links: this.#links,
      archiver: this.archiver,
      runner: this.runner,
    });
    this.#effects.onCommitted((committed) => this.workspaces.note(committed));
    this.#effects.onCommitted(({ events }) => this.leases.note(events));
    this.search = new Search({ folder: options.searchDir, sessions, bodies, log });
    this.#effects.onCommitted((committed) => this.search.note(committed));
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

  /** What stands between the daemon and the commands that it starts. */
  get supervision(): Launcher["supervision"] {
    return this.#launcher.supervision;
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
    return call === undefined ? undefined : this.#ledger.repeat(call);
  }

  /** The one way to change anything. See `Ledger.submit`. */
  submit(command: Command, options?: SubmitOptions): Promise<Answer> {
    return this.#ledger.submit(command, options);
  }

  /** Resolves where a command would be taken now. @throws RefusalError as `submit` would */
  foresee(command: Command): Promise<void> {
    return this.#ledger.foresee(command);
  }

  /** Calls back with every session that a durable event changed, and now with all that there are. */
  onSession(listener: (session: Session) => void): void {
    this.#effects.onSession(listener);
    for (const session of this.registry.committedSessions.values()) listener(session);
  }

  /** Whether a snapshot is worth its cost, and may be written. */
  get needsSnapshot(): boolean {
    return this.#snapshots.areNeeded;
  }

  /** Writes the whole state, so that a start need not replay the journal. See `Snapshots.write`. */
  snapshot(): Promise<void> {
    return this.#snapshots.write();
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
    if (files !== undefined) this.#effects.onCommitted((committed) => files.note(committed));
    this.#files = files;
  }

  /** Saves the bodies and the files for people, as far as time allows, and closes the journal. */
  async close(): Promise<void> {
    await this.backups.close();
    await this.workspaces.close();
    await this.#leftovers.close();
    await this.#links.close();
    await this.search.close();
    await this.archiver.close();
    await this.bodies.save(undefined, PATIENCE_MS).catch((err: unknown) => {
      this.#options.log.warn({ err }, "Bodies could not be saved; the journal still has them");
    });
    await this.checkpoints.close(PATIENCE_MS);
    await this.#files?.close(PATIENCE_MS);
    if (this.#files?.isSettled !== false) await this.#snapshots.writeAtStop();
    await this.journal.close();
  }
}
