import { existsSync } from "node:fs";

import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { settle } from "../whereabouts.js";

/** The options of all three tasks. */
export interface JournalVerbOptions {
  readonly since?: number;
  readonly until?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** One thing that can be done with a journal. */
export type JournalTask = (
  context: Context,
  options: JournalVerbOptions,
  places: Awaited<ReturnType<typeof settle>>["places"],
) => Promise<number>;

interface TaskSpec {
  /** Which of the options it takes. */
  readonly takes: readonly (keyof JournalVerbOptions)[];
  readonly load: () => Promise<JournalTask>;
}

const TASKS: Readonly<Record<string, TaskSpec>> = {
  verify: { takes: [], load: async () => (await import("./journalVerify.js")).verify },
  dump: { takes: ["since", "until"], load: async () => (await import("./journalDump.js")).dump },
  repair: { takes: ["dryRun", "yes"], load: async () => (await import("./journalRepair.js")).repair },
};

const FLAGS = { since: "--since", until: "--until", dryRun: "--dry-run", yes: "--yes" } as const;

/** Looks at the files of a journal, or repairs them, without a daemon. */
export const journal: Verb<JournalVerbOptions> = async (context, options, [name = ""]) => {
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (task === undefined) throw usage(`there is no '${name}' for a journal: it is verify, dump or repair`);
  for (const [option, flag] of Object.entries(FLAGS)) {
    const key = option as keyof JournalVerbOptions;
    if (options[key] !== undefined && !task.takes.includes(key))
      throw usage(`'journal ${name}' takes no ${flag}`);
  }
  const { places } = await settle(context.globals, context.io.env);
  if (!existsSync(places.journalDir) && !existsSync(places.snapshotDir)) {
    throw new CliError(`There is no journal in ${places.dataDir}.`, {
      type: "no_journal",
      exitCode: EXIT.failure,
      hint: "name the data folder with --data-dir",
    });
  }
  return (await task.load())(context, options, places);
};

function usage(message: string): CliError {
  return new CliError(message, { type: "usage", exitCode: EXIT.usage, hint: "see: sessiond help journal" });
}
