import { homedir as homeOfProcess } from "node:os";
import { isAbsolute, join, relative } from "node:path";
import envPaths from "env-paths";

/** The surroundings of a process, as far as they decide about places. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  platform: NodeJS.Platform;
  homedir: string;
}

/** The folders that the system's convention gives to a program. */
export interface StandardFolders {
  data: string;
  log: string;
  config: string;
}

// env-paths asks for the home once, when it is loaded; so does this, to compare like with like.
const LIBRARY_HOME = homeOfProcess();

const VARIABLES = { data: "XDG_DATA_HOME", log: "XDG_STATE_HOME", config: "XDG_CONFIG_HOME" } as const;

/** Runs `ask` while the process environment says `wanted`, and puts back what was there. */
function withVariables<T>(wanted: ReadonlyMap<string, string | undefined>, ask: () => T): T {
  const changed = [...wanted].filter(([name, value]) => process.env[name] !== value);
  const before = changed.map(([name]) => [name, process.env[name]] as const);
  const put = ([name, value]: readonly [string, string | undefined]): void => {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  };
  changed.forEach(put);
  try {
    return ask();
  } finally {
    before.forEach(put);
  }
}

/**
 * The standard folders by env-paths, for the given surroundings.
 *
 * env-paths takes no environment: it reads `process.env` when it is called, and the home when it is loaded. So
 * the given variables are put in place while it is asked (nothing changes when they are the process's own, as
 * in a daemon), and a folder under the process's home is moved to the given one. It answers for the platform
 * that it runs on. A relative XDG folder is ignored, as the XDG specification demands: it would mean another
 * place to every process.
 */
export function standardFolders({ env, homedir }: Surroundings): StandardFolders {
  const wanted = new Map<string, string | undefined>(
    Object.values(VARIABLES).map((name) => {
      const value = env[name];
      return [name, value !== undefined && isAbsolute(value) ? value : undefined];
    }),
  );
  const paths = withVariables(wanted, () => envPaths("sessiond", { suffix: "" }));
  const folder = (kind: keyof StandardFolders): string => {
    const path = paths[kind];
    const chosen = wanted.get(VARIABLES[kind]);
    if (chosen !== undefined && path === join(chosen, "sessiond")) return path;
    return join(homedir, relative(LIBRARY_HOME, path));
  };
  return { data: folder("data"), log: folder("log"), config: folder("config") };
}
