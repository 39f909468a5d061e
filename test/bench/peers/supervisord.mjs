import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { missingProgram } from "../programs.mjs";

/** supervisord with nothing to supervise. */
export const supervisord = {
  name: "supervisord",
  missing: () => missingProgram(["supervisord", "supervisorctl"], "supervisor"),

  async start(bench, folder) {
    const socket = join(folder, "socket");
    const config = join(folder, "supervisord.conf");
    await writeFile(config, configOf(folder, socket));
    const child = startChild(["supervisord", "-n", "-c", config], bench.env);
    await untilAnswers(child, socket, "GET / HTTP/1.0\r\n\r\n");
    return { child, socket, config };
  },

  cli: ({ config }) => ({ argv: ["supervisorctl", "-c", config, "status"] }),
};

function configOf(folder, socket) {
  return `[unix_http_server]
file=${socket}
[supervisord]
logfile=${join(folder, "log")}
pidfile=${join(folder, "pid")}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://${socket}
`;
}
