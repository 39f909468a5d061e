import type { Result } from "../../protocol/types.js";
import { createSession } from "../../supervisor/create.js";
import { exportSession } from "../../supervisor/exportSession.js";
import { importSessions } from "../../supervisor/import/importSessions.js";
import type { After } from "../../supervisor/ledger.js";
import { listActivities } from "../../supervisor/read/activities.js";
import { listSessions } from "../../supervisor/read/sessionList.js";
import { showStats } from "../../supervisor/read/stats.js";
import { showSession } from "../../supervisor/show/session.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function sessionHandlers({ supervisor }: Services): NamespaceHandlers<"session"> {
  const shown = ({ session }: After): object => (session === undefined ? {} : showSession(session));
  type Written = Promise<Result<"session/create">>;

  return {
    "session/create": (params) => {
      const { call, fields } = keyed("session/create", params);
      return createSession(supervisor, fields, call);
    },
    "session/get": ({ sessionId }) =>
      showSession(supervisor.session(sessionId), supervisor.beats.lastAt(sessionId)),
    "session/list": (params) => listSessions(supervisor, params),
    "session/update": (params) => {
      const { call, fields } = keyed("session/update", params);
      return supervisor.submit({ type: "session/update", ...fields }, { call, show: shown }) as Written;
    },
    "session/touch": (params) => {
      const { call, fields } = keyed("session/touch", params);
      return supervisor.submit({ type: "session/touch", ...fields }, { call });
    },
    "session/pause": (params) => {
      const { call, fields } = keyed("session/pause", params);
      return supervisor.submit({ type: "session/pause", ...fields }, { call, show: shown }) as Written;
    },
    "session/resume": (params) => {
      const { call, fields } = keyed("session/resume", params);
      return supervisor.submit({ type: "session/resume", ...fields }, { call, show: shown }) as Written;
    },
    "session/end": (params) => {
      const { call, fields } = keyed("session/end", params);
      return supervisor.submit({ type: "session/end", ...fields }, { call, show: shown }) as Written;
    },
    "session/heartbeat": ({ sessionId }) => ({
      status: supervisor.limits.heartbeat(supervisor.session(sessionId)),
    }),
    "session/record": (params) => {
      const { call, fields } = keyed("session/record", params);
      return supervisor.submit({ type: "session/record", ...fields }, { call });
    },
    "session/activities": (params) => listActivities(supervisor, params),
    "session/archive": (params) => {
      const { call, fields } = keyed("session/archive", params);
      return supervisor.submit({ type: "session/archive", ...fields }, { call, show: shown }) as Written;
    },
    "session/delete": (params) => {
      const { call, fields } = keyed("session/delete", params);
      return supervisor.submit({ type: "session/delete", ...fields }, { call });
    },
    "session/import": (params) => {
      const { call, fields } = keyed("session/import", params);
      return importSessions(supervisor, fields, call);
    },
    "session/export": ({ sessionId, path }) => exportSession(supervisor, sessionId, path),
    "session/stats": ({ sessionId }) => showStats(supervisor, supervisor.session(sessionId)),
  };
}
