import type { Result, ValidParams } from "../../protocol/types.js";
import { showCheckpoint } from "../show/checkpoint.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

/** One page of a session's checkpoints, newest first. */
export function listCheckpoints(
  supervisor: Pick<Supervisor, "session">,
  { sessionId, limit, cursor }: ValidParams<"checkpoint/list">,
): Result<"checkpoint/list"> {
  const session = supervisor.session(sessionId);
  const { checkpoints } = session;
  const before = decodeCursor<{ seq: number }>(cursor, ["seq"])?.seq ?? Number.POSITIVE_INFINITY;
  const following = checkpoints.filter(({ seq }) => seq < before).toReversed();
  return pageOf(
    following,
    { limit, total: checkpoints.length },
    {
      show: (entry) => showCheckpoint(entry, session),
      cursorOf: ({ seq }) => ({ seq }),
      lengthOf: ({ label }) => label?.length ?? 0,
    },
  );
}
