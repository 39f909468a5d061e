import type { Handlers } from "../../rpc/dispatch.js";
import type { Connection } from "../connection.js";
import { keyed } from "./keyed.js";
import type { Services } from "./services.js";

/** The handlers by which one writer at a time has a session. */
export type LeaseHandlers = Pick<Handlers<Connection>, "session/claim" | "session/release">;

export function leaseHandlers({ supervisor, leaseHolders }: Services): LeaseHandlers {
  return {
    "session/claim": (params, connection) => {
      const { call, lease: held, fields } = keyed("session/claim", params);
      return supervisor.leases.claim(leaseHolders.of(connection), { ...fields, held }, call);
    },
    "session/release": (params) => {
      const { call, lease: held, fields } = keyed("session/release", params);
      return supervisor.submit({ type: "session/release", ...fields, held }, { call });
    },
  };
}
