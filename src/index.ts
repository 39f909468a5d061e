import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";

import { type Client, connect } from "../client/index.js";
import { loadConfig } from "./config/load.js";
import { resolvePlaces } from "./config/places.js";
import type { ConfigInput } from "./config/schema.js";
import { type Daemon, openDaemon as openRooms } from "./daemon.js";

export type { Client } from "../client/index.js";
export { ConfigError } from "./config/error.js";
export type { ConfigInput } from "./config/schema.js";
export { VERSION } from "./version.js";

/** How to open a daemon inside another program. */
export interface OpenOptions {
  /** Where everything that must survive lies; left out, the daemon is in memory and ends with the program. */
  readonly dataDir?: string;
  /** Whether other programs can reach it, by `<dataDir>/sessiond.sock` or `config.socket`. False if absent. */
  readonly listen?: boolean;
  /** Settings, as in the configuration file. */
  readonly config?: Omit<ConfigInput, "dataDir">;
  /**
   * The journal can no longer be trusted to be durable; every connection was cut without an answer. The
   * program has to end and start again. Exits the process with 1 if absent.
   */
  readonly onFatal?: (error: Error) => void;
}

/** A daemon in the same process. */
export interface EmbeddedDaemon extends AsyncDisposable {
  /** The path of its socket, where it listens. */
  readonly socket: string | undefined;
  /** A client of it, without a socket in between. */
  connect(): Promise<Client>;
  /** Stops it in order. */
  close(): Promise<void>;
}

/**
 * Opens a daemon in this process: on files, with all that they hold already, or in memory.
 *
 * @throws ConfigError where a setting is wrong, DataFolderBusyError where another daemon has the folder,
 * JournalDamagedError where the journal cannot be trusted, OtherFormatError where another version wrote it
 */
export async function openDaemon(options: OpenOptions = {}): Promise<EmbeddedDaemon> {
  const isInMemory = options.dataDir === undefined;
  const given = { ...options.config, ...(isInMemory ? {} : { dataDir: options.dataDir }) };
  // First of all: a setting that is wrong must not leave a folder behind.
  const config = loadConfig({ document: given, env: {} });
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "sessiond-")));
  const removeIfTemporary = async (): Promise<void> => {
    if (isInMemory) await rm(dataDir, { recursive: true, force: true });
  };
  const open = async (): Promise<Daemon> =>
    openRooms({
      config,
      places: resolvePlaces({
        config: { ...config, dataDir },
        env: process.env,
        platform: process.platform,
        homedir: homedir(),
        uid: process.getuid?.() ?? 0,
      }),
      storage: isInMemory ? "memory" : "files",
      listen: options.listen ?? false,
      onFatal: options.onFatal ?? (() => process.exit(1)),
    });
  // A path that is too long for a socket is found out here, when there is a folder already.
  const daemon = await open().catch(async (error: unknown) => {
    await removeIfTemporary();
    throw error;
  });
  const close = async (): Promise<void> => {
    await daemon.close();
    await removeIfTemporary();
  };
  return {
    socket: options.listen === true ? daemon.places.socket : undefined,
    connect: () =>
      connect({
        open: () => {
          const [ours, theirs] = duplexPair();
          daemon.serve(theirs);
          return ours;
        },
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
