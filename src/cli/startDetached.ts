import { existsSync, mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { Places } from "../config/places.js";
import type { Context } from "./context.js";
import { startChild, untilAnswers } from "./daemonChild.js";
import { EXIT } from "./exitCodes.js";
import type { StartOptions } from "./welcome.js";
import { startedResult, welcome } from "./welcome.js";

const ANSWER_WITHIN_MS = 30_000;

/** Starts the daemon in the background and comes back when it answers. */
export async function startDetached(
  context: Context,
  options: StartOptions,
  places: Places,
): Promise<number> {
  const { socket, dataDir, logDir } = places;
  // The daemon itself refuses a folder that is not private; this is only to have a place for what it says then.
  makeFolder(logDir);
  const child = startChild({
    flags: [...pointers(context, places), ...(await settingFlags(options))],
    env: context.io.env,
    outputFile: join(logDir, "start.log"),
    detached: true,
  });
  const { pid } = await untilAnswers(child, socket, ANSWER_WITHIN_MS);
  const whereabouts = { pid, socket, dataDir, logDir };
  await context.print(startedResult(whereabouts, pid === child.pid), () =>
    welcome(context.paint, `sessiond is ready, pid ${pid}, in the background.`, whereabouts),
  );
  return EXIT.ok;
}

/** One level at a time: in some places, such as below /proc, Node's `recursive` never comes back. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another start was faster by a moment.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** The same places for the child, which has another working directory: as they were found, not as they were given. */
function pointers({ globals, io }: Context, { socket, dataDir }: Places): string[] {
  const config = globals.config ?? io.env["SESSIOND_CONFIG"] ?? "";
  return [
    ...(globals.socket === undefined ? [] : [`--socket=${socket}`]),
    ...(globals.dataDir === undefined ? [] : [`--data-dir=${dataDir}`]),
    ...(config === "" ? [] : [`--config=${resolve(config)}`]),
  ];
}

async function settingFlags(options: StartOptions): Promise<string[]> {
  const { SETTINGS } = await import("../config/settings.js");
  return SETTINGS.flatMap(({ flag, option }) => {
    const value = options[option];
    const isPointer = option === "socket" || option === "dataDir";
    if (isPointer || typeof value !== "string") return [];
    return [`${flag}=${option === "logDir" ? resolve(value) : value}`];
  });
}
