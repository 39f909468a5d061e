import type { Handlers } from "../../rpc/dispatch.js";
import { bindSession } from "../../supervisor/bindSession.js";
import type { After } from "../../supervisor/ledger.js";
import { showSession } from "../../supervisor/show/session.js";
import type { Connection } from "../connection.js";
import { keyed } from "./keyed.js";
import type { Services } from "./services.js";

/** The handlers that tie a session to a process that the daemon did not start. */
export type BindingHandlers = Pick<Handlers<Connection>, "session/bind" | "session/unbind">;

export function bindingHandlers({ supervisor }: Services): BindingHandlers {
  const show = ({ session }: After): object => (session === undefined ? {} : showSession(session));
  return {
    "session/bind": (params) => {
      const { call, lease, fields } = keyed("session/bind", params);
      return bindSession(supervisor, fields, { call, lease, show });
    },
    "session/unbind": (params) => {
      const { call, lease, fields } = keyed("session/unbind", params);
      return supervisor.submit({ type: "session/unbind", ...fields }, { call, lease, show }) as ReturnType<
        BindingHandlers["session/unbind"]
      >;
    },
  };
}
