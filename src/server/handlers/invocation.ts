import { randomUUID } from "node:crypto";

import type { Result } from "../../protocol/types.js";
import type { After } from "../../supervisor/ledger.js";
import { getInvocation, listInvocations } from "../../supervisor/read/invocations.js";
import { showInvocationEvent } from "../../supervisor/show/invocation.js";
import { uuidv7 } from "../../supervisor/uuidv7.js";
import { keyed } from "./keyed.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function invocationHandlers({ supervisor }: Services): NamespaceHandlers<"invocation"> {
  const newId = (): string => uuidv7(supervisor.clock.nowMs(), randomUUID());
  const answer = (submitted: Promise<object>): Promise<Result<"invocation/start">> =>
    submitted as Promise<Result<"invocation/start">>;

  return {
    "invocation/start": (params) => {
      const { call, lease, fields } = keyed("invocation/start", params);
      const { invocationId = newId(), ...others } = fields;
      return answer(
        supervisor.submit({ type: "invocation/start", ...others, invocationId }, { call, lease, show }),
      );
    },
    "invocation/finish": (params) => {
      const { call, lease, fields } = keyed("invocation/finish", params);
      return answer(supervisor.submit({ type: "invocation/finish", ...fields }, { call, lease, show }));
    },
    "invocation/link": (params) => {
      const { call, lease, fields } = keyed("invocation/link", params);
      const { invocationId = newId(), startedAt: given, ...others } = fields;
      const startedAt = given === undefined ? undefined : Date.parse(given);
      const command = { type: "invocation/link", ...others, invocationId, startedAt } as const;
      return answer(supervisor.submit(command, { call, lease, show }));
    },
    "invocation/get": (params) => getInvocation(supervisor, params),
    "invocation/list": (params) => listInvocations(supervisor, params),
  };
}

/** The invocation as the one event of its call left it. */
function show({ events }: After): object {
  const [event] = events;
  switch (event?.type) {
    case "invocation/started":
    case "invocation/finished":
    case "invocation/linked":
      return { ...showInvocationEvent(event), sessionId: event.sessionId };
    default:
      return {};
  }
}
