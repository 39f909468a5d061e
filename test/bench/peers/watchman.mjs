import { join } from "node:path";
import { untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { missingProgram } from "../programs.mjs";

const QUESTION = '["version"]\n';

/** watchman with nothing to watch. */
export const watchman = {
  name: "watchman",
  missing: () => missingProgram(["watchman"], "watchman"),
  // It takes one question at a time from each connection, with a thread for each.
  read: { template: QUESTION, shapes: [1] },

  async start(bench, folder) {
    const socket = join(folder, "socket");
    const flags = [`--sockname=${socket}`, `--statefile=${join(folder, "state")}`];
    const log = `--logfile=${join(folder, "log")}`;
    const child = startChild(["watchman", "--foreground", ...flags, log], bench.env);
    await untilAnswers(child, socket, QUESTION);
    return { child, socket };
  },

  cli: ({ socket }) => ({ argv: ["watchman", `--sockname=${socket}`, "--no-spawn", "version"] }),
};
