import { writeSync } from "node:fs";

import type { Result } from "../../../client/index.js";
import { until } from "../alive.js";
import { ask, unanswered } from "../ask.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import type { StartOptions, Whereabouts } from "../welcome.js";
import { settle } from "../whereabouts.js";

const ANSWER_WITHIN_MS = 5_000;

/**
 * Starts the daemon. That it runs already is no error: then what was asked for is there. What only a person or the
 * starter of a background daemon needs is loaded for them alone: the daemon would keep it for as long as it lives.
 */
export const start: Verb<StartOptions> = async (context, options) => {
  const { config, places } = await settle(context.globals, context.io.env, options);
  const asked = await ask(places.socket, "daemon/status", ANSWER_WITHIN_MS);
  if (asked.state === "answered") return sayThatItRuns(context, asked.result as Result<"daemon/status">);
  if (asked.state !== "absent") throw unanswered(places.socket, asked);
  if (options.detach === true) {
    const { startDetached } = await import("../startDetached.js");
    return startDetached(context, options, places);
  }

  const { openDaemon } = await import("../../daemon.js");
  const { stdout } = context.io;
  const isShown = options.quiet !== true && !context.globals.json;
  const opening = openDaemon({
    config,
    places,
    ownsProcess: true,
    onFatal: endAtOnce,
    ...(isShown ? { terminal: stdout, terminalColor: context.hasColor } : {}),
  });
  const daemon = await opening.catch(async (error: unknown) => {
    // Another start was faster by a moment.
    const status = isBusy(error) && (await until(() => statusOf(places.socket), ANSWER_WITHIN_MS));
    if (typeof status !== "object") throw error;
    return status;
  });
  if (!("closed" in daemon)) return sayThatItRuns(context, daemon);
  const stopListening = stopOnSignals((commands) => void daemon.close(commands).catch(() => undefined));
  if (options.quiet !== true) await greet(context, { ...places, pid: process.pid });
  try {
    await daemon.closed;
  } finally {
    stopListening();
  }
  return EXIT.ok;
};

async function greet(context: Context, whereabouts: Whereabouts): Promise<void> {
  const { startedResult, welcome } = await import("../welcome.js");
  const headline = `sessiond is ready, pid ${whereabouts.pid}. Ctrl-C stops it.`;
  await context.print(startedResult(whereabouts, true), () => welcome(context.paint, headline, whereabouts));
}

async function sayThatItRuns(context: Context, status: Result<"daemon/status">): Promise<number> {
  const { startedResult } = await import("../welcome.js");
  const { pid, socket = "", dataDir = "", logDir = "" } = status;
  await context.print(
    startedResult({ pid, socket, dataDir, logDir }, false),
    () => `sessiond runs already, pid ${pid}, on ${socket}\n`,
  );
  return EXIT.ok;
}

async function statusOf(socket: string): Promise<Result<"daemon/status"> | false> {
  const asked = await ask(socket, "daemon/status", ANSWER_WITHIN_MS);
  return asked.state === "answered" && (asked.result as Result<"daemon/status">);
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.name === "DataFolderBusyError";
}

/**
 * The first signal stops in order, a second Ctrl-C at once. Ctrl-C ends the commands as well: whoever presses it wants the
 * terminal, and all that came from it, back. By the other signals a service manager stops or upgrades the daemon, and they go on.
 * Answers how to leave the signals alone again.
 */
function stopOnSignals(close: (commands: "keep" | "stop") => void): () => void {
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts += 1;
    if (interrupts > 1) process.exit(EXIT.interrupted);
    close("stop");
  };
  const stop = (): void => close("keep");
  process.on("SIGINT", interrupt).on("SIGTERM", stop).on("SIGHUP", stop);
  return () => {
    process.off("SIGINT", interrupt).off("SIGTERM", stop).off("SIGHUP", stop);
  };
}

/** Nothing may be answered any more, so there is nothing left to do in order. */
function endAtOnce(error: Error): void {
  try {
    writeSync(2, `sessiond: ${error.message}\n  It stops at once; start it again to recover.\n`);
  } finally {
    process.exit(EXIT.failure);
  }
}
