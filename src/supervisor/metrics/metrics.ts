import { join } from "node:path";

import { folderName } from "../../content/places.js";
import { inLanes } from "../../lanes.js";
import { DiskUse } from "../../sampling/diskUse.js";
import { HistoryFiles } from "../../sampling/historyFile.js";
import type { Measured } from "../../sampling/history.js";
import { Machine, type MachineFigures } from "../../sampling/machine.js";
import { type Figures, type ProcessRow, Sampler } from "../../sampling/sampler.js";
import type { Root } from "../../sampling/trees.js";
import type { WatchState } from "../../sampling/fileWatch.js";
import type { Clock } from "../../schedule/clock.js";
import type { Session } from "../../session/state.js";
import type { CommittedView } from "../layered.js";
import type { Committed } from "../ledger.js";
import type { SupervisorLog, SupervisorOptions } from "../options.js";
import { PendingTallies } from "./pendingTallies.js";
import { StatsFile } from "./statsFile.js";
import { type Entry, MetricsStore } from "./store.js";
import { tallyEvent } from "./tally.js";
import { Watches } from "./watches.js";

/** What the processes of a session, or of a command, used at one time. */
export interface Sample {
  /** Wall time, epoch milliseconds. */
  readonly at: number;
  /** Of one core. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  readonly processes: number;
  /** Of the session's working directory, where it is known. */
  readonly diskBytes?: number | undefined;
}

export interface MetricsParts {
  readonly sessions: CommittedView<Session>;
  /** Where the files with the history lie. */
  readonly metricsDir: string;
  readonly dataDir: string;
  readonly clock: Clock;
  /** As usual where this is left out. */
  readonly settings: MetricsSettings | undefined;
  readonly log: SupervisorLog;
  readonly sampler?: Pick<Sampler, "round" | "processes" | "reset">;
}

export interface MetricsSettings {
  readonly enabled: boolean;
  /** How long what was measured is kept; 0 is not at all longer than the daemon needs it. */
  readonly keepMs: number;
}

/** Files that are written in one round: all of 480 sessions in a minute. */
const SAVES_PER_ROUND = 40;
const LANES = 4;
/** As long as a history reaches back at most. */
const KEEP_MS = 30 * 24 * 3_600_000;
/** The machine's own history, beside those of sessions: no name of theirs is without a `~`. */
const MACHINE = "machine";

/** What sessions and the machine use, measured every few seconds while something runs, and what became of it. */
export class Metrics {
  readonly #parts: MetricsParts;
  readonly #settings: MetricsSettings;
  readonly #store: MetricsStore;
  readonly #sampler: Pick<Sampler, "round" | "processes" | "reset">;
  readonly #machine: Machine;
  readonly #disk = new DiskUse();
  readonly #watches: Watches;
  readonly #pending = new PendingTallies();
  readonly #statsFile: StatsFile;
  readonly #listeners: (() => void)[] = [];
  readonly #sources: (() => Iterable<Root>)[] = [];
  #commands: ReadonlyMap<string, Sample & { readonly cpuMs: number }> = new Map();
  /** Sessions that had processes in the last round. */
  #running = new Set<string>();
  #removed: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(parts: MetricsParts) {
    this.#parts = parts;
    this.#settings = parts.settings ?? { enabled: true, keepMs: KEEP_MS };
    const { sessions, metricsDir, dataDir, log } = parts;
    this.#sampler = parts.sampler ?? new Sampler();
    this.#machine = new Machine(dataDir);
    const files = new HistoryFiles(metricsDir);
    let hasWarned = false;
    this.#store = new MetricsStore({
      files,
      isThere: ({ sessionId, createdSeq }) => sessions.get(sessionId)?.createdSeq === createdSeq,
      onTrouble: (err) => {
        log[hasWarned ? "debug" : "warn"](
          { err, event: "metrics.trouble" },
          "Metrics cannot be kept on disk; told once",
        );
        hasWarned = true;
      },
    });
    this.#watches = new Watches({
      onChange: (session, change) => this.#pending.of(session).files[change]++,
      log,
    });
    this.#statsFile = new StatsFile({
      ...parts,
      write: (text) => files.writeText("session_stats.json", text),
      latest: (sessionId) => this.latest(sessionId),
      system: () => this.system(),
    });
  }

  /** Whether anything is measured at all. */
  get isEnabled(): boolean {
    return this.#settings.enabled;
  }

  /** How long the history of anything is kept. */
  get keepMs(): number {
    return this.#settings.keepMs;
  }

  /** Has the processes measured that a source names: asked at every round. */
  addRoots(source: () => Iterable<Root>): void {
    this.#sources.push(source);
  }

  /** What all processes of a session used at the last round; undefined where there was none of late. */
  latest(sessionId: string): Sample | undefined {
    const session = this.#parts.sessions.get(sessionId);
    return session === undefined ? undefined : this.#store.get(session)?.latest;
  }

  /** The sessions that were measured in the last minutes. */
  measured(): string[] {
    return this.#store.measured();
  }

  /** The same of one command that runs, with the processor time that it has used so far. */
  latestCommand(commandId: string): (Sample & { readonly cpuMs: number }) | undefined {
    return this.#commands.get(commandId);
  }

  /** Calls back after each round. There are none while nothing runs. */
  onSample(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** The machine as it is now; looks within a second are one. */
  system(): MachineFigures {
    return this.#machine.read(this.#parts.clock.nowMs());
  }

  /** The processes of a session as they are now, pids ascending. */
  processes(sessionId: string): Promise<ProcessRow[]> {
    const roots = this.#roots().filter((root) => root.sessionId === sessionId);
    return roots.length === 0 ? Promise.resolve([]) : this.#sampler.processes(roots);
  }

  /** What is known of a session, or of the machine. */
  async known(session: Session | undefined): Promise<Pick<Entry, "history" | "tally">> {
    if (session !== undefined) await this.#absorb([session]);
    return this.#store.read(session === undefined ? MACHINE : folderName(session));
  }

  /** How the files of a session are watched; undefined where nobody asked for that. */
  watchState(sessionId: string): WatchState | undefined {
    return this.#watches.stateOf(sessionId);
  }

  /** Whether there is more in a session's working directory than is looked at. */
  isDiskPartial({ workingDirectory = "" }: Session): boolean {
    return this.#disk.get(workingDirectory)?.isPartial === true;
  }

  /** Follows a session as it is now. */
  follow(session: Session): void {
    if (this.isEnabled) this.#watches.follow(session);
  }

  /** Follows a durable record. Nobody waits for it: it counts, and no more. */
  note({ events, changes }: Pick<Committed, "events" | "changes">): void {
    this.#statsFile.touch();
    for (const event of events) {
      if (!this.isEnabled || event.sessionId === undefined || !PendingTallies.counts(event)) continue;
      const session = this.#parts.sessions.get(event.sessionId);
      if (session !== undefined) tallyEvent(this.#pending.of(session), event);
    }
    for (const session of changes.removed) {
      this.#watches.forget(session.sessionId);
      this.#pending.forget(session);
      this.#removed = Promise.all([this.#removed, this.#store.remove(session)]);
    }
  }

  /** Removes what belongs to sessions that are gone, and what is too old. Never rejects. */
  sweep(): Promise<void> {
    return this.#store.sweep();
  }

  /** Begins after a start: removes what an earlier daemon left, in the background, and watches what is to be watched. */
  begin(): void {
    void this.sweep();
    for (const session of this.#parts.sessions.values()) this.follow(session);
  }

  /** One round: to be called every five seconds. Costs nothing where nothing runs, and nothing waits to be written. */
  async sample(): Promise<void> {
    if (!this.isEnabled || this.#isClosed) return;
    const roots = this.#roots();
    if (roots.length > 0 || this.#running.size > 0) {
      await this.#round(roots);
      await this.#addMachine();
      this.#statsFile.touch();
      for (const listener of this.#listeners) listener();
    }
    await this.#absorb(this.#pending.sessions());
    await this.#store.save(SAVES_PER_ROUND, this.#parts.clock.nowMs());
    this.#store.evict(this.#parts.clock.nowMs());
    await this.#statsFile.writeIfDue();
  }

  /** Writes what is not written yet, as far as time allows. */
  async close(patienceMs: number): Promise<void> {
    this.#isClosed = true;
    await this.#watches.close();
    await this.#disk.close();
    await this.#absorb(this.#pending.sessions());
    await this.#store.close(patienceMs);
    await this.#removed;
  }

  #roots(): Root[] {
    return this.#sources.flatMap((source) => [...source()]);
  }

  async #round(roots: readonly Root[]): Promise<void> {
    const { sessions, clock } = this.#parts;
    const { sessions: figures, commands } = await this.#sampler.round(roots);
    const at = clock.nowMs();
    // What has just ended is measured once more, as nothing.
    for (const sessionId of this.#running)
      if (!figures.has(sessionId))
        await this.#add(sessionId, at, { cpuPercent: 0, memoryBytes: 0, processes: 0 });
    const alive = [...figures.keys()].flatMap((sessionId) => sessions.get(sessionId) ?? []);
    await this.#disk.step(
      new Set(alive.flatMap(({ workingDirectory }) => workingDirectory ?? [])),
      performance.now(),
    );
    await inLanes(figures, LANES, ([sessionId, each]) => this.#add(sessionId, at, each));
    this.#commands = new Map([...commands].map(([commandId, each]) => [commandId, { at, ...each }]));
    this.#running = new Set(figures.keys());
    if (figures.size === 0) this.#sampler.reset();
  }

  async #add(sessionId: string, at: number, figures: Figures): Promise<void> {
    const session = this.#parts.sessions.get(sessionId);
    if (session === undefined) return;
    const entry = await this.#store.open(folderName(session), at);
    const diskBytes = this.#disk.get(session.workingDirectory ?? "")?.sizeBytes;
    addTo(entry, { at, ...figures, ...(diskBytes === undefined ? {} : { diskBytes }) });
  }

  /** The machine has a history too, of the times at which something ran. */
  async #addMachine(): Promise<void> {
    const { at, cpuPercent, memoryBytes, diskFreeBytes, diskTotalBytes } = this.system();
    const processes = [...this.#running].reduce((sum, id) => sum + (this.latest(id)?.processes ?? 0), 0);
    const entry = await this.#store.open(MACHINE, at);
    addTo(entry, { at, cpuPercent, memoryBytes, processes, diskBytes: diskTotalBytes - diskFreeBytes });
  }

  async #absorb(sessions: readonly Session[]): Promise<void> {
    await inLanes(sessions, LANES, async (session) => {
      if (!this.#pending.has(session)) return;
      const entry = await this.#store.open(folderName(session), this.#parts.clock.nowMs());
      this.#pending.moveTo(session, entry.tally);
      entry.changedAt = this.#parts.clock.nowMs();
      entry.isSaved = false;
    });
  }
}

function addTo(entry: Entry, measured: Measured): void {
  entry.history.add(measured);
  entry.latest = measured;
  entry.changedAt = measured.at;
  entry.isSaved = false;
}

/** The metrics of a daemon, by its options. */
export function openMetrics(
  { dataDir, metricsDir = join(dataDir, "metrics"), metrics, clock, log }: SupervisorOptions,
  { sessions }: Pick<MetricsParts, "sessions">,
): Metrics {
  return new Metrics({ sessions, metricsDir, dataDir, clock, settings: metrics, log });
}
