import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";

import type { Logger } from "pino";

import type { Config } from "./config/schema.js";
import { sessionDefaults } from "./config/sessionDefaults.js";
import type { Places } from "./config/places.js";
import { finishRestore } from "./content/backup/restoreFolder.js";
import { openTemporaryFolder } from "./content/temporaryFolder.js";
import { ensurePrivateFolder, syncFolder } from "./disk/folder.js";
import { examine, patientOf } from "./doctor/examine.js";
import { registerAlerts } from "./jobs/alerts.js";
import { registerJobs } from "./jobs/index.js";
import { type DaemonLog, openDaemonLog } from "./log/daemonLog.js";
import { openFilesLimit } from "./log/openFilesLimit.js";
import { childFor } from "./log/sessionChild.js";
import { SessionLogs } from "./log/sessionLogs.js";
import { keeperPrograms } from "./process/keeper/program.js";
import { LIMITS } from "./protocol/limits.js";
import { openSystemClock, type SystemClock } from "./schedule/clock.js";
import { openJobs } from "./schedule/cron.js";
import { readUptime, writeUptime } from "./schedule/uptime.js";
import type { Connection } from "./server/connection.js";
import type { Connections } from "./server/connections.js";
import { Closers, COMMANDS_AT_STOP, Ending } from "./server/ending.js";
import { listenOnSocket } from "./server/listen.js";
import { acquireDataLock } from "./server/lock.js";
import { openConnections } from "./server/openConnections.js";
import { Logbook } from "./supervisor/logbook.js";
import { sessionLogger } from "./supervisor/sessionLogger.js";
import { PathCheck } from "./supervisor/paths/pathCheck.js";
import { Supervisor } from "./supervisor/supervisor.js";
import { VERSION } from "./version.js";

/** For whoever works on a data folder without a daemon, and has to keep one out meanwhile. */
export { acquireDataLock } from "./server/lock.js";
export { finishRestore } from "./content/backup/restoreFolder.js";
export { readBackup, restoreBackup } from "./supervisor/backup/restore.js";

export interface DaemonOptions {
  readonly config: Config;
  readonly places: Places;
  /**
   * `memory`: journal and bodies are in memory, and everything ends with the daemon. Logs and the output of commands are
   * on disk meanwhile.
   */
  readonly storage?: "files" | "memory";
  /** Whether to listen on the socket; a daemon inside another program may do without. True if absent. */
  readonly listen?: boolean;
  /** Whether the daemon has its process to itself: then it may go into a cgroup of its own, to have commands held there. */
  readonly ownsProcess?: boolean;
  /** Gets the log's lines as well, made for people. */
  readonly terminal?: NodeJS.WritableStream;
  /** Whether those lines have colours. */
  readonly terminalColor?: boolean;
  /**
   * A sync failed, or the lock was lost: nobody may be answered any more, and the process has to end at once.
   * By the time of the call every connection has been cut without an answer.
   */
  readonly onFatal: (error: Error) => void;
}

/** A running daemon. */
export interface Daemon {
  readonly places: Places;
  readonly log: Logger;
  readonly supervisor: Supervisor;
  /** Serves one more peer, whatever its stream is. */
  serve(stream: Duplex): Connection;
  /**
   * Stops in order: from now on requests are refused; then a backup, commands, peers and the socket, jobs, bodies, journal,
   * logs, lock. Answers the same promise when called again; `stop` counts from whomever it comes, while that can be.
   * @param commands what becomes of those that could go on without the daemon; `stop` if absent
   */
  close(commands?: Ending["commands"]): Promise<void>;
  /** Resolves when the daemon has stopped, whoever asked for it. */
  readonly closed: Promise<void>;
}

/**
 * Opens the rooms in order and closes them in reverse; commands end while their peers are still there. Nobody is answered
 * before everything that was acknowledged earlier is there again.
 */
export async function openDaemon(options: DaemonOptions): Promise<Daemon> {
  const closers = new Closers();
  try {
    return await open(options, closers);
  } catch (error) {
    await closers.close().catch(() => undefined);
    throw error;
  }
}

async function open(options: DaemonOptions, closers: Closers): Promise<Daemon> {
  const { config, places } = options;
  const startedAtMs = Date.now();
  let cut = (): void => undefined;
  let told: Logger | undefined;
  const onFatal = (error: Error): void => {
    cut();
    told?.fatal({ err: error, event: "daemon.fatal" }, "The daemon stops at once, without answering");
    options.onFatal(error);
  };
  // Before everything else, the log too: whoever is refused here must not touch what another daemon has open.
  const warnings = await lockData({ ...options, onFatal }, closers);
  await prepareFolders(options);
  const daemonLog = await openLog(options);
  closers.add(() => daemonLog.close());
  const log = daemonLog.logger;
  told = log;
  for (const [fields, message] of warnings) log.warn(fields, message);
  const sessionLogs = openSessionLogs(options, log);
  closers.add(() => sessionLogs.close());
  const opening: Opening = { ...options, log, sessionLogs, onFatal };
  const clock = openSystemClock({
    baseUpMs: await readUptime(places.uptimeFile),
    onGap: (gapMs) =>
      log.info({ gapMs, event: "clock.gap" }, "The daemon was asleep or stopped; no session was idle"),
  });
  const supervisor = await openSupervisor(opening, clock);
  const all = [...supervisor.registry.committedSessions.values()];
  void sessionLogs.archiveLeft(all.filter(({ archivedAt }) => archivedAt !== undefined));
  closers.add(() => closeSupervisor(supervisor, opening));
  const jobs = openJobs({ log });
  closers.add(() => jobs.close());
  const { chainsAfterMs } = config.retention;
  const loop = registerJobs({ jobs, supervisor, clock, uptimeFile: places.uptimeFile, chainsAfterMs });
  closers.add(() => loop.close());

  const end = new Ending(() => closers.close());
  const { dataDir, logDir, socket } = places;
  const connections = openConnections({
    supervisor,
    logbook: new Logbook({ supervisor, sessionLogs, logDir }),
    paths: openPathCheck(opening),
    loop,
    idempotency: config.idempotency,
    limits: config.limits,
    version: VERSION,
    startedAtMs,
    places: { dataDir, logDir, ...(options.listen === false ? {} : { socket }) },
    examine: () => examine(patientOf(config, options.listen === false ? { dataDir } : places)),
    log,
    end,
  });
  registerAlerts(jobs, supervisor.alerts, { loop, connections });
  cut = () => connections.cut();
  if (options.listen !== false) await listen(opening, connections, closers);
  closers.add(() => connections.close());
  // Before the peers are let go: whoever waits for a command still learns how it ended.
  closers.add(() => supervisor.runner.close({ ...COMMANDS_AT_STOP, commands: end.commands }));
  closers.add(() => supervisor.backups.close());
  closers.add(() => supervisor.retention.close());
  log.info({ event: "daemon.ready", ...supervisor.recovery, socket: places.socket }, "Ready");
  return {
    places,
    log,
    supervisor,
    serve: (stream) => connections.serve(stream),
    close: (commands = "stop") => end.begin(commands),
    closed: end.done,
  };
}

/** What the rooms are opened with. */
type Opening = DaemonOptions & { readonly log: Logger; readonly sessionLogs: SessionLogs };

function openLog({ config, places, terminal, terminalColor = false }: DaemonOptions): Promise<DaemonLog> {
  const shown = terminal === undefined ? {} : { terminal, terminalColor };
  return openDaemonLog({ dir: places.logDir, ...config.log, ...shown });
}

async function prepareFolders({ places, storage }: DaemonOptions): Promise<void> {
  await ensurePrivateFolder(places.dataDir);
  const folders = [places.contentDir, places.checkpointsDir];
  if (storage !== "memory") folders.push(places.journalDir, places.snapshotDir, places.runningDir);
  await Promise.all(folders.map((folder) => ensurePrivateFolder(folder)));
  await openTemporaryFolder(places.tempDir);
  if (storage === "memory") return;
  // What is there already may have been made by a daemon that was killed before the name was durable.
  await Promise.all(
    [places.dataDir, places.contentDir, places.checkpointsDir].map((path) => syncFolder(path)),
  );
  // What the data folder lies in may be somebody else's, and not to be opened.
  await syncFolder(dirname(places.dataDir)).catch(() => undefined);
}

/**
 * Takes the lock of the data folder, and brings a restore to its end that was interrupted there. Answers what the log
 * is to be told about it.
 */
async function lockData(
  { places, onFatal }: DaemonOptions,
  closers: Closers,
): Promise<readonly (readonly [fields: object, message: string])[]> {
  const { dataDir, lockFile, ownerFile, socket } = places;
  const warnings: [object, string][] = [];
  const lock = await acquireDataLock({
    dataDir,
    lockFile,
    ownerFile,
    socket,
    version: VERSION,
    onCompromised: onFatal,
    log: { warn: (fields, message) => void warnings.push([fields, message]) },
  });
  closers.add(() => lock.release());
  const restored = await finishRestore(dataDir);
  if (restored !== undefined)
    warnings.push([
      { event: "restore.finished", ...restored },
      "An interrupted restore was brought to its end",
    ]);
  return warnings;
}

/** A share of the descriptors that the process may have: most of them are for what must not fail. */
const LOG_DESCRIPTORS_SHARE = 0.25;

function openSessionLogs({ config, places }: DaemonOptions, log: Logger): SessionLogs {
  const { sessionMaxSizeBytes, sessionKeepFiles, maxOpenSessionLogs } = config.log;
  return new SessionLogs({
    dir: places.logDir,
    maxSizeBytes: sessionMaxSizeBytes,
    keepFiles: sessionKeepFiles,
    maxOpen: Math.max(1, Math.min(maxOpenSessionLogs, Math.floor(openFilesLimit() * LOG_DESCRIPTORS_SHARE))),
    complain: (err, fields) =>
      log.warn({ err, event: "log.trouble", ...fields }, "Logs of sessions lose lines; sessions go on"),
  });
}

function openSupervisor(opening: Opening, clock: SystemClock): Promise<Supervisor> {
  const { config, places, log, sessionLogs, onFatal } = opening;
  const { dataDir, journalDir, snapshotDir, contentDir, checkpointsDir } = places;
  return Supervisor.open({
    clock,
    bounds: { ...LIMITS, maxSessions: config.sessions.maxSessions, maxRunning: config.commands.maxRunning },
    idempotency: config.idempotency,
    keepCommandsPerSession: config.commands.keepPerSession,
    sessionDefaults: sessionDefaults(config),
    retention: config.retention,
    metrics: config.metrics,
    metricsDir: places.metricsDir,
    leaseGraceMs: config.leases.graceMs,
    socket: opening.listen === false ? undefined : places.socket,
    dataDir,
    contentDir,
    checkpointsDir,
    runningDir: opening.storage === "memory" ? undefined : places.runningDir,
    ownsProcess: opening.ownsProcess,
    keeper: config.commands.outliveDaemon ? keeperPrograms() : undefined,
    // With the journal in memory, what is in the index ends with the daemon too.
    searchDir: opening.storage === "memory" ? join(places.tempDir, "search") : places.searchDir,
    sessionsDir: opening.storage === "memory" ? undefined : places.sessionsDir,
    journal: opening.storage === "memory" ? undefined : { journalDir, snapshotDir, ...config.journal },
    log,
    sessionLog: (session) =>
      sessionLogger(childFor(log, session.sessionId, session.config.logging), sessionLogs, session),
    sessionLogs,
    onFatal,
  });
}

async function listen(
  { config, places, log }: Opening,
  connections: Connections,
  closers: Closers,
): Promise<void> {
  const listener = await listenOnSocket({
    path: places.socket,
    onConnection: (socket) => connections.serve(socket),
    maxConnections: config.limits.connections,
    log,
  });
  closers.add(() => listener.close());
}

function openPathCheck({ config, places }: Opening): PathCheck {
  const { closed, open, lowSpaceBytes } = config.paths;
  const own = [places.dataDir, places.logDir].map((path) => ({
    path,
    reason: "the daemon keeps its own there",
  }));
  const named = closed.map((path) => ({ path, reason: "the setting paths.closed names it" }));
  return new PathCheck({ homes: [homedir()], closed: [...own, ...named], open, lowSpaceBytes });
}

async function closeSupervisor(supervisor: Supervisor, { places, log }: Opening): Promise<void> {
  await supervisor.close();
  // The journal has it as well, up to its last record: a full disk does not make the stop a failure.
  await writeUptime(places.uptimeFile, supervisor.clock.upMs()).catch((err: unknown) =>
    log.warn({ err, event: "uptime.unwritten" }, "The up-time could not be written down"),
  );
}
