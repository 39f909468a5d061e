import { z } from "zod";

import { onExit } from "../binding.js";
import { method } from "../method.js";
import { writtenSession } from "../session.js";
import { sessionWrite } from "../shapes.js";

/** The methods that tie a session to a process that the daemon did not start. */
export const binding = {
  "session/bind": method({
    summary:
      "Binds a session to a process of the user's: when that is gone, the session ends by itself, also where it went " +
      "while no daemon was there. It is known by its start time, never by its pid alone, and never signalled. A " +
      "session has one process: another one replaces it.",
    get params() {
      return z.strictObject({
        ...sessionWrite,
        pid: z
          .int()
          .min(1)
          .max(2 ** 31 - 1),
        /** What the end of the process means for the session. */
        onExit: onExit.default("exit_code"),
      });
    },
    result: writtenSession,
    errors: ["session_not_found", "session_not_active", "process_not_bindable"],
    access: "write",
    durable: true,
  }),
  "session/unbind": method({
    summary: "Lets a session go on without its process. Where it is bound to none, nothing changes.",
    get params() {
      return z.strictObject(sessionWrite);
    },
    result: writtenSession,
    errors: ["session_not_found", "session_not_active"],
    access: "write",
    durable: true,
  }),
};
