import { join } from "node:path";
import { startNodeServer } from "./nodeServer.mjs";
import { request, VALUE } from "./requests.mjs";

/** What Node costs when a server does nothing but the protocol and a durable append. */
export const bare = {
  name: "bare",
  write: {
    template: request(
      "set",
      `{"sessionId":"s&","key":"k#","value":"${VALUE}","idempotencyKey":"00000000-0000-4000-8000-00@"}`,
    ),
  },
  read: { template: request("get", '{"key":"k#"}') },
  start: (bench, folder) => startNodeServer(bench, folder, "bareServer.mjs", join(folder, "journal")),
};
