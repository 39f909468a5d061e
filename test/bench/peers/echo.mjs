import { startNodeServer } from "./nodeServer.mjs";
import { request } from "./requests.mjs";

/** The floor for reads: a Node server that sends a line back for each. */
export const echo = {
  name: "echo",
  read: { template: request("get", '{"key":"k#"}') },
  start: (bench, folder) => startNodeServer(bench, folder, "echoServer.mjs"),
};
