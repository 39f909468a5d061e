import type { Result, ValidParams } from "../../protocol/types.js";
import { isOver } from "../../session/state.js";
import { showExecution } from "../show/execution.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

/** One page of the commands of a session, or of all, newest first. */
export function listCommands(
  supervisor: Supervisor,
  filter: ValidParams<"command/list">,
): Result<"command/list"> {
  const { registry } = supervisor;
  const { sessionId, status, limit, cursor } = filter;
  const all =
    sessionId === undefined
      ? [...registry.committedExecutions.values()]
      : registry.executionsOf(supervisor.session(sessionId).sessionId);
  const matching = all
    .filter(
      (one) => status === undefined || (status === "ended" ? isOver(one.status) : one.status === status),
    )
    .toReversed();
  const position = decodeCursor<{ seq: number }>(cursor, ["seq"]);
  const index = position === undefined ? 0 : matching.findIndex((one) => one.createdSeq < position.seq);
  return pageOf(
    index < 0 ? [] : matching.slice(index),
    { limit, total: matching.length },
    {
      show: showExecution,
      cursorOf: ({ createdSeq }) => ({ seq: createdSeq }),
      lengthOf: ({ argv }) => argv.reduce((length, argument) => length + argument.length, 500),
    },
  );
}
