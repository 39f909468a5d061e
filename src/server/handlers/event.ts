import { RefusalError } from "../../protocol/errors.js";
import type { NamespaceHandlers, Services } from "./services.js";

export function eventHandlers({ supervisor, subscriptions }: Services): NamespaceHandlers<"event"> {
  const { journal } = supervisor;
  return {
    "event/subscribe": (params, connection) => {
      const sinceSeq = params.sinceSeq ?? journal.committed;
      if (sinceSeq < journal.oldestSeq - 1) throw gap(sinceSeq, journal.oldestSeq);
      if (sinceSeq > journal.committed) throw fromTheFuture(sinceSeq, journal.committed);
      return { subscriptionId: subscriptions.open(connection, params, sinceSeq), seq: sinceSeq };
    },
    "event/unsubscribe": ({ subscriptionId }, connection) => {
      subscriptions.close(connection, subscriptionId);
      return { seq: journal.committed };
    },
  };
}

function gap(sinceSeq: number, oldestSeq: number): RefusalError {
  return new RefusalError({
    type: "replay_gap",
    message: `Events after ${sinceSeq} are asked for; the oldest that is kept is ${oldestSeq}.`,
    hint: "read the present state with session/list, and subscribe without sinceSeq",
    details: { oldestSeq },
  });
}

function fromTheFuture(sinceSeq: number, committed: number): RefusalError {
  return new RefusalError({
    type: "replay_gap",
    message: `Events after ${sinceSeq} are asked for, but the last one is ${committed}: it is another journal's number.`,
    hint: "read the present state with session/list, and subscribe without sinceSeq",
    details: { oldestSeq: committed + 1 },
  });
}
