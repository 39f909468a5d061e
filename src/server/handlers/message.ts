import { randomUUID } from "node:crypto";

import type { Result } from "../../protocol/types.js";
import { listMessages } from "../../supervisor/read/messages.js";
import { uuidv7 } from "../../supervisor/uuidv7.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function messageHandlers({ supervisor }: Services): NamespaceHandlers<"message"> {
  return {
    "message/append": (params) => {
      const { call, lease, fields } = keyed("message/append", params);
      const messageId = uuidv7(supervisor.clock.nowMs(), randomUUID());
      const answer = supervisor.submit(
        { type: "message/append", ...fields, messageId },
        { call, lease, show: ({ session }) => ({ messageId, index: session?.conversation.appended }) },
      );
      return answer as Promise<Result<"message/append">>;
    },
    "message/list": (params) => listMessages(supervisor, params),
  };
}
