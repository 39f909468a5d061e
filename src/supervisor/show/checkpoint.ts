import type { CheckpointShape } from "../../protocol/types.js";
import type { CheckpointEntry, Session } from "../../session/state.js";
import { shownSeq } from "../bodyOf.js";
import { showTime, withoutUndefined } from "./session.js";

/** A checkpoint as the protocol shows it. */
export function showCheckpoint(
  checkpoint: CheckpointEntry,
  session: Pick<Session, "createdSeq">,
): CheckpointShape {
  const { at, staged: _, ...entry } = checkpoint;
  return { ...withoutUndefined(entry), seq: shownSeq(entry, session), createdAt: showTime(at) };
}
