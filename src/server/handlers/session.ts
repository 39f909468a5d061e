import type { Result } from "../../protocol/types.js";
import { createSession } from "../../supervisor/create.js";
import type { After } from "../../supervisor/ledger.js";
import { listActivities } from "../../supervisor/read/activities.js";
import { listSessions } from "../../supervisor/read/sessionList.js";
import { showStats } from "../../supervisor/read/stats.js";
import { showSession } from "../../supervisor/show/session.js";
import type { BindingHandlers } from "./binding.js";
import { keyed } from "./keyed.js";
import type { LeaseHandlers } from "./lease.js";
import type { MetricsHandlers } from "./metrics.js";
import type { NamespaceHandlers, Services } from "./services.js";
import type { CopyHandlers } from "./sessionCopies.js";
import { shelfHandlers } from "./shelf.js";

export function sessionHandlers(
  services: Services,
): Omit<
  NamespaceHandlers<"session">,
  keyof LeaseHandlers | keyof BindingHandlers | keyof CopyHandlers | keyof MetricsHandlers
> {
  const { supervisor } = services;
  const shown = ({ session }: After): object => (session === undefined ? {} : showSession(session));
  type Written = Promise<Result<"session/create">>;

  return {
    ...shelfHandlers(services),
    "session/create": (params) => {
      const { call, fields } = keyed("session/create", params);
      return createSession(supervisor, fields, call);
    },
    "session/get": ({ sessionId }) =>
      showSession(supervisor.session(sessionId), supervisor.beats.lastAt(sessionId)),
    "session/list": (params) => listSessions(supervisor, params),
    "session/update": (params) => {
      const { call, lease, fields } = keyed("session/update", params);
      return supervisor.submit(
        { type: "session/update", ...fields },
        { call, lease, show: shown },
      ) as Written;
    },
    "session/touch": (params) => {
      const { call, lease, fields } = keyed("session/touch", params);
      return supervisor.submit({ type: "session/touch", ...fields }, { call, lease });
    },
    "session/pause": (params) => {
      const { call, lease, fields } = keyed("session/pause", params);
      return supervisor.submit({ type: "session/pause", ...fields }, { call, lease, show: shown }) as Written;
    },
    "session/resume": (params) => {
      const { call, lease, fields } = keyed("session/resume", params);
      return supervisor.submit(
        { type: "session/resume", ...fields },
        { call, lease, show: shown },
      ) as Written;
    },
    "session/end": (params) => {
      const { call, lease, fields } = keyed("session/end", params);
      return supervisor.submit({ type: "session/end", ...fields }, { call, lease, show: shown }) as Written;
    },
    "session/heartbeat": ({ sessionId }) => ({
      status: supervisor.limits.heartbeat(supervisor.session(sessionId)),
    }),
    "session/record": (params) => {
      const { call, lease, fields } = keyed("session/record", params);
      return supervisor.submit({ type: "session/record", ...fields }, { call, lease });
    },
    "session/activities": (params) => listActivities(supervisor, params),
    "session/stats": ({ sessionId }) => showStats(supervisor, supervisor.session(sessionId)),
  };
}
