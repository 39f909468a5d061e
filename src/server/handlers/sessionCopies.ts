import { cloneSession } from "../../supervisor/clone.js";
import { exportSession } from "../../supervisor/exportSession.js";
import { importSessions } from "../../supervisor/import/importSessions.js";
import { exportPortable, isPortableName } from "../../supervisor/portable/exportPortable.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

/** What makes sessions out of other ones or out of files, and the other way round. */
export type CopyHandlers = Pick<
  NamespaceHandlers<"session">,
  "session/clone" | "session/import" | "session/export" | "session/transfers"
>;

export function sessionCopyHandlers({ supervisor }: Services): CopyHandlers {
  return {
    "session/clone": (params) => {
      const { call, fields } = keyed("session/clone", params);
      return cloneSession(supervisor, fields, call);
    },
    "session/import": (params) => {
      const { call, fields } = keyed("session/import", params);
      return importSessions(supervisor, fields, call);
    },
    "session/export": (params) =>
      isPortableName(params.path) ? exportPortable(supervisor, params) : exportSession(supervisor, params),
    "session/transfers": () => supervisor.transfers.list(),
  };
}
