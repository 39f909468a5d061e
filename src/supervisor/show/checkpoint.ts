import type { CheckpointShape } from "../../protocol/types.js";
import type { CheckpointEntry } from "../../session/state.js";
import { showTime, withoutUndefined } from "./session.js";

/** A checkpoint as the protocol shows it. */
export function showCheckpoint({ at, ...entry }: CheckpointEntry): CheckpointShape {
  return { ...withoutUndefined(entry), createdAt: showTime(at) };
}
