import * as fc from "fast-check";

import { valueOf } from "../../src/session/checkpoint.js";
import type { Command } from "../../src/session/commands.js";
import type { Model } from "./model.js";
import { session } from "./samples.js";

type CheckpointCommand = Extract<Command, { type: `checkpoint/${string}` }>;

const sessionId = fc.constantFrom("s1", "s1", "s1", "s2", "s3");
const label = fc.option(fc.string({ minLength: 1, maxLength: 5 }), { nil: undefined });
const index = fc.nat(9).map(String);
/** What is asked of checkpoints; which one is meant stands in their ids as a number. */
export const checkpoint = fc.oneof(
  fc.record({ type: fc.constant("checkpoint/create" as const), sessionId, checkpointId: index, label }),
  fc.record({
    type: fc.constant("checkpoint/restore" as const),
    sessionId,
    checkpointId: index,
    undoId: fc.constant(""),
    value: fc.constant(valueOf(session())),
  }),
  fc.record({ type: fc.constant("checkpoint/delete" as const), sessionId, checkpointId: index }),
);

export function isOfCheckpoint(command: Command): command is CheckpointCommand {
  return command.type.startsWith("checkpoint/");
}

/** Ids are the daemon's, so each is new; what is restored or deleted is one that the session has, if it has any. */
export function checkpointCommandOf(command: CheckpointCommand, model: Model): Command {
  const fresh = `k${model.values.size}`;
  if (command.type === "checkpoint/create") return { ...command, checkpointId: fresh };
  const ids = model.session(command.sessionId)?.checkpoints.map((entry) => entry.checkpointId) ?? [];
  const checkpointId = ids[Number(command.checkpointId) % Math.max(1, ids.length)] ?? "none";
  if (command.type === "checkpoint/delete") return { ...command, checkpointId };
  return { ...command, checkpointId, undoId: fresh, value: model.values.get(checkpointId) ?? command.value };
}
