import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "./error.js";
import type { Config } from "./schema.js";
import { standardFolders } from "./folders.js";
import type { Surroundings } from "./folders.js";
import { maxSocketPathBytes, socketOfData, standardSocket } from "./socketPath.js";

/** Every path of one daemon; all absolute, none of them created here. */
export interface Places {
  /** The folder that holds the socket. */
  runtimeDir: string;
  socket: string;
  dataDir: string;
  journalDir: string;
  snapshotDir: string;
  sessionsDir: string;
  contentDir: string;
  /** The full-text index: a copy, which can be made again. */
  searchDir: string;
  checkpointsDir: string;
  /** What was measured of sessions and of the machine. */
  metricsDir: string;
  /** Where commands have their folders as long as they are not over. */
  runningDir: string;
  tempDir: string;
  logDir: string;
  /** The file that is read when none is named. */
  configFile: string;
  lockFile: string;
  ownerFile: string;
  uptimeFile: string;
}

/** What {@link resolvePlaces} goes by. */
export interface PlacesInput extends Surroundings {
  config: Pick<Config, "dataDir" | "logDir" | "socket">;
  uid: number;
  /** The folder for temporary files; `os.tmpdir()` if absent. */
  tmpdir?: string;
}

/** The configuration file that is read when nobody names one. */
export function defaultConfigFile(surroundings: Surroundings): string {
  return join(standardFolders(surroundings).config, "config.json");
}

/**
 * Where everything of one daemon lies. Daemon and clients that are given the same settings arrive at the same
 * places. A data folder that was chosen brings its own socket, and one other than the standard one its own log
 * folder too (`<dataDir>/log`), since two daemons must not roll one file.
 *
 * @throws {ConfigError} when the kernel would cut the path of the socket.
 */
export function resolvePlaces(input: PlacesInput): Places {
  const { config, platform } = input;
  const standard = standardFolders(input);
  const dataDir = resolve(config.dataDir ?? standard.data);
  const isStandard = dataDir === resolve(standard.data);
  const surroundings = { ...input, tmpdir: input.tmpdir ?? tmpdir() };
  const ownSocket =
    config.dataDir === undefined ? standardSocket(surroundings) : socketOfData(surroundings, dataDir);
  const socket = resolve(config.socket ?? ownSocket);
  const maxBytes = maxSocketPathBytes(platform);
  if (Buffer.byteLength(socket) > maxBytes) {
    throw new ConfigError([
      `socket ${socket} is ${Buffer.byteLength(socket)} bytes long; this system takes ${maxBytes}. ` +
        `Choose a shorter path with --socket, SESSIOND_SOCKET or "socket" in the configuration file`,
    ]);
  }
  return {
    runtimeDir: dirname(socket),
    socket,
    dataDir,
    journalDir: join(dataDir, "journal"),
    snapshotDir: join(dataDir, "snapshots"),
    sessionsDir: join(dataDir, "sessions"),
    contentDir: join(dataDir, "content"),
    searchDir: join(dataDir, "search"),
    checkpointsDir: join(dataDir, "checkpoints"),
    metricsDir: join(dataDir, "metrics"),
    runningDir: join(dataDir, "running"),
    tempDir: join(dataDir, "temp"),
    logDir: resolve(config.logDir ?? (isStandard ? standard.log : join(dataDir, "log"))),
    configFile: join(standard.config, "config.json"),
    lockFile: join(dataDir, "daemon.lock"),
    ownerFile: join(dataDir, "daemon.json"),
    uptimeFile: join(dataDir, "uptime.json"),
  };
}
