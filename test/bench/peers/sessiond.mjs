import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { createSessions } from "../sessions.mjs";
import { NODE_FLAGS, request, VALUE } from "./requests.mjs";

const packageDir = fileURLToPath(new URL("../../..", import.meta.url));
const { bin } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8"));
/** What `sessiond` on a command line is: the file that the package names, by this very Node if it is Node's. */
const file = join(packageDir, bin.sessiond);
const command = /\.[cm]?js$/.test(file) ? [process.execPath, file] : [file];

const PING = '{"jsonrpc":"2.0","id":1,"method":"daemon/ping"}\n';
/** One for each connection of the largest shape. */
const SESSIONS = 256;

/** The daemon as its users have it: the package's own program, with a data folder of its own. */
export const sessiond = {
  name: "sessiond",
  write: {
    template: request(
      "metadata/set",
      `{"sessionId":"s&","key":"k#","value":"${VALUE}","idempotencyKey":"00000000-0000-4000-8000-00@"}`,
    ),
  },
  read: { template: request("session/get", '{"sessionId":"s&"}') },
  prepare: (socket) => createSessions(socket, SESSIONS),
  /** The bench uses more keys in a minute than a user in an hour. */
  underLoad: { flags: ["--idempotency-max-keys=100000000"] },

  /**
   * @param {object} [settings]
   * @param {string} [settings.dataDir] one that is there already
   * @param {readonly string[]} [settings.flags] settings of the daemon
   */
  async start(bench, folder, { dataDir = join(folder, "data"), flags = [] } = {}) {
    const socket = join(folder, "socket");
    const [program, ...script] = command;
    const nodeFlags = script.length > 0 ? NODE_FLAGS : [];
    const places = [`--data-dir=${dataDir}`, `--socket=${socket}`];
    const argv = [program, ...nodeFlags, ...script, "start", "--quiet", ...places, ...flags];
    const child = startChild(argv, bench.env);
    await untilAnswers(child, socket, PING);
    return { child, socket };
  },

  cli: ({ socket }, verb = "ping") => ({ argv: [...command, `--socket=${socket}`, verb] }),
};
