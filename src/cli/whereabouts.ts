import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { resolve } from "node:path";

import type { Places } from "../config/places.js";
import { defaultConfigFile, resolvePlaces } from "../config/places.js";
import type { Config } from "../config/schema.js";
import { defaultSocketPath } from "../config/socketPath.js";

/** What the caller said about where things are. */
export interface Pointers {
  readonly socket?: string | undefined;
  readonly dataDir?: string | undefined;
  /** The configuration file. */
  readonly config?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const isSet = (value: string | undefined): value is string => value !== undefined && value !== "";
/** As `os.homedir()` has it, for the environment that is given. */
const homeOf = (env: Environment): string => (isSet(env["HOME"]) ? env["HOME"] : homedir());
const uid = (): number => process.getuid?.() ?? 0;

/**
 * The socket of the daemon that is meant. The configuration is only read where it can matter, because it brings
 * its schemas along, and most people have none.
 *
 * @throws {ConfigError} when the configuration that has to be read cannot be used.
 */
export async function socketOf(pointers: Pointers, env: Environment): Promise<string> {
  if (isSet(pointers.socket)) return resolve(pointers.socket);
  if (isSet(env["SESSIOND_SOCKET"])) return resolve(env["SESSIOND_SOCKET"]);
  const isConfigured = isSet(pointers.config) || isSet(env["SESSIOND_CONFIG"]) || hasConfigFile(env);
  if (isConfigured) return (await settle(pointers, env)).places.socket;
  const own = isSet(pointers.dataDir) ? { ...env, SESSIOND_DATA_DIR: resolve(pointers.dataDir) } : env;
  return defaultSocketPath({ env: own, platform: process.platform, uid: uid(), tmpdir: tmpdir() });
}

/**
 * The whole configuration and every place, as the daemon resolves them.
 *
 * @param options those of the command line, by name; what is no setting among them is left aside.
 * @throws {ConfigError} naming every problem at once.
 */
export async function settle(
  pointers: Pointers,
  env: Environment,
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly config: Config; readonly places: Places }> {
  const [{ loadConfig }, { SETTINGS }] = await Promise.all([
    import("../config/load.js"),
    import("../config/settings.js"),
  ]);
  const settings = Object.fromEntries(SETTINGS.map(({ option }) => [option, options[option]]));
  const surroundings = { env, platform: process.platform, homedir: homeOf(env) };
  // In the configuration a path is absolute; on a command line people mean the folder that they are in.
  const config = loadConfig({
    flags: {
      ...settings,
      ...absolute("logDir", options["logDir"]),
      ...absolute("socket", pointers.socket),
      ...absolute("dataDir", pointers.dataDir),
    },
    env,
    defaultFile: defaultConfigFile(surroundings),
    ...(pointers.config === undefined ? {} : { file: pointers.config }),
  });
  return { config, places: resolvePlaces({ ...surroundings, config, uid: uid() }) };
}

function absolute(name: string, path: unknown): object {
  return typeof path === "string" && path !== "" ? { [name]: resolve(path) } : {};
}

function hasConfigFile(env: Environment): boolean {
  return existsSync(defaultConfigFile({ env, platform: process.platform, homedir: homeOf(env) }));
}
