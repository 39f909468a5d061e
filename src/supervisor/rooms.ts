import type { Journal } from "../journal/index.js";
import type { Command } from "../session/commands.js";
import type { ResourceLimits } from "../session/state.js";
import { Alerts } from "./alerts/alerts.js";
import { Archiver } from "./archiver.js";
import { Backups } from "./backup/backups.js";
import { Beats } from "./beats.js";
import { Bindings } from "./bindings.js";
import type { Checkpoints } from "./checkpoints.js";
import type { Content } from "./content.js";
import { Effects } from "./effects.js";
import { Feed } from "./feed.js";
import type { SessionFiles } from "./files/sessionFiles.js";
import { InvocationLinks } from "./invocationLinks.js";
import type { Keys } from "./keys.js";
import { Launcher } from "./launcher.js";
import { Leases } from "./leases.js";
import { type Answer, type Committed, Ledger, type SubmitOptions } from "./ledger.js";
import { Leftovers } from "./leftovers.js";
import { Limits } from "./limits.js";
import { type Metrics, openMetrics } from "./metrics/metrics.js";
import type { SupervisorOptions } from "./options.js";
import type { Registry } from "./registry.js";
import { Resources } from "./resources.js";
import { HeldBytes } from "./retention/heldBytes.js";
import { RetentionRuns } from "./retention/runs.js";
import { Runner } from "./runner.js";
import { Search } from "./search/search.js";
import { Snapshots } from "./snapshots.js";
import { Workspaces } from "./workspaces/workspaces.js";

/** What a start has brought back, and where it is kept. */
export interface Recovered extends Content {
  readonly registry: Registry;
  readonly keys: Keys;
  readonly checkpoints: Checkpoints;
  readonly journal: Journal;
}

/** What stands behind the supervisor's face, each made once. */
export interface Rooms {
  readonly beats: Beats;
  readonly limits: Limits;
  readonly feed: Feed;
  readonly backups: Backups;
  readonly workspaces: Workspaces;
  readonly retention: RetentionRuns;
  readonly archiver: Archiver;
  readonly snapshots: Snapshots;
  readonly leases: Leases;
  readonly bindings: Bindings;
  readonly launcher: Launcher;
  readonly resources: Resources;
  readonly runner: Runner;
  readonly search: Search;
  readonly metrics: Metrics;
  readonly alerts: Alerts;
  readonly leftovers: Leftovers;
  readonly links: InvocationLinks;
  readonly effects: Effects;
  readonly ledger: Ledger;
}

interface Face {
  /** The one way to change anything; nothing comes by it before the rooms are there. */
  readonly submit: (command: Command, how: SubmitOptions) => Promise<Answer>;
  readonly files: () => SessionFiles | undefined;
}

/** Puts the rooms together: each is given those that it needs, and no other. */
export function composeRooms(options: SupervisorOptions, recovered: Recovered, face: Face): Rooms {
  const { clock, bounds, contentDir, checkpointsDir, dataDir, log, sessionLogs } = options;
  const { registry, keys, bodies, journal, hold } = recovered;
  const { submit, files } = face;
  const sessions = registry.committedSessions;
  const record = (command: Command): Promise<Answer> => submit(command, { isOwn: true });

  const leftovers = new Leftovers({ contentDir, hold, sessionLogs, log });
  const links = new InvocationLinks({ contentDir, hold, sessions, log });
  const beats = new Beats(clock);
  const limits = new Limits({ clock, beats, record });
  const feed = new Feed(journal);
  const backups = new Backups({ ...recovered, clock, contentDir, checkpointsDir, dataDir, log });
  const workspaces = new Workspaces({ dataDir, isTemporary: !options.journal, registry, record, log });
  const retention = openRetention(options, recovered, { submit, files, workspaces });
  const archiver = new Archiver({ ...recovered, contentDir, sessions, log });
  const snapshots = new Snapshots({ ...recovered, links, archiver, log });
  const leases = new Leases({ registry, clock, submit, graceMs: options.leaseGraceMs });
  const bindings = new Bindings({ registry, record, log });
  const launcher = new Launcher(options);
  const sessionLimits = (sessionId: string): ResourceLimits | undefined =>
    sessions.get(sessionId)?.config.limits;
  const resources = new Resources({ dataDir, ownsProcess: options.ownsProcess === true, sessionLimits, log });
  const runner = new Runner({
    ...recovered,
    launcher,
    resources,
    contentDir,
    clock,
    beats,
    record,
    onError: (err, what) => log.warn({ err }, what),
    onRecovery: (what) => log.info({}, what),
  });
  const search = new Search({ folder: options.searchDir, sessions, bodies, log });
  const metrics = openMetrics(options, { sessions });
  metrics.addRoots(() => runner.roots());
  metrics.addRoots(() => bindings.roots());
  const alerts = new Alerts({ ...options, registry, journal, record, metrics });

  const effects = new Effects({ ...recovered, ...options, beats, links, archiver, runner });
  follow(effects, { workspaces, leases, bindings, search, metrics, alerts });
  const onCommitted = (committed: Committed): void => effects.run(committed);
  const ledger = new Ledger({ journal, registry, keys, feed, clock, bounds, onCommitted });

  return {
    beats,
    limits,
    feed,
    backups,
    workspaces,
    retention,
    archiver,
    snapshots,
    leases,
    bindings,
    launcher,
    resources,
    runner,
    search,
    metrics,
    alerts,
    leftovers,
    links,
    effects,
    ledger,
  };
}

function openRetention(
  options: SupervisorOptions,
  recovered: Recovered,
  { submit, files, workspaces }: Face & Pick<Rooms, "workspaces">,
): RetentionRuns {
  const { clock, log, retention: settings } = options;
  const { chains } = recovered.registry.things;
  return new RetentionRuns({
    ...recovered,
    clock,
    submit,
    heldBytes: new HeldBytes({ ...options, ...recovered, workspaces, files }),
    isSpared: ({ sessionId }) => chains.isReferredTo(sessionId),
    log,
    settings,
  });
}

/** Has them hear of what has become durable, in this order. */
function follow(
  effects: Effects,
  rooms: Pick<Rooms, "workspaces" | "leases" | "bindings" | "search" | "metrics" | "alerts">,
): void {
  const { workspaces, leases, bindings, search, metrics, alerts } = rooms;
  effects.onCommitted((committed) => workspaces.note(committed));
  effects.onCommitted(({ events }) => leases.note(events));
  effects.onSession((session) => bindings.note(session));
  effects.onCommitted((committed) => search.note(committed));
  effects.onCommitted((committed) => metrics.note(committed));
  effects.onSession((session) => metrics.follow(session));
  effects.onCommitted(({ events }) => alerts.note(events));
  effects.onSession((session) => alerts.noteSession(session));
}
