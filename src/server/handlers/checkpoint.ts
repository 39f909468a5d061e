import { createCheckpoint } from "../../supervisor/createCheckpoint.js";
import { listCheckpoints } from "../../supervisor/read/checkpointList.js";
import { restoreCheckpoint } from "../../supervisor/restoreCheckpoint.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function checkpointHandlers({ supervisor }: Services): NamespaceHandlers<"checkpoint"> {
  return {
    "checkpoint/create": (params) => {
      const { call, lease, fields } = keyed("checkpoint/create", params);
      return createCheckpoint(supervisor, fields, { call, lease });
    },
    "checkpoint/list": (params) => listCheckpoints(supervisor, params),
    "checkpoint/restore": (params) => {
      const { call, lease, fields } = keyed("checkpoint/restore", params);
      return restoreCheckpoint(supervisor, fields, { call, lease });
    },
    "checkpoint/delete": (params) => {
      const { call, lease, fields } = keyed("checkpoint/delete", params);
      return supervisor.submit({ type: "checkpoint/delete", ...fields }, { call, lease });
    },
  };
}
