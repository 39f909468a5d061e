import { randomUUID } from "node:crypto";

import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import { findCheckpoint } from "../session/checkpoint.js";
import { checkpointNotFound } from "../session/decideCheckpoint.js";
import type { CheckpointEntry, CheckpointValue, Session } from "../session/state.js";
import type { SubmitOptions } from "./ledger.js";
import { showSession } from "./show/session.js";
import type { Supervisor } from "./supervisor.js";
import { uuidv7 } from "./uuidv7.js";

/** Brings a session back to a checkpoint. What that keeps is read and verified before anything is decided. */
export async function restoreCheckpoint(
  supervisor: Supervisor,
  { sessionId, checkpointId: given }: Omit<ValidParams<"checkpoint/restore">, "idempotencyKey" | "lease">,
  by: Pick<SubmitOptions, "call" | "lease">,
): Promise<Result<"checkpoint/restore">> {
  // First of all: the checkpoint of a repeated call may have been deleted since.
  const repeated = supervisor.repeat(by.call);
  if (repeated !== undefined) return (await repeated) as Result<"checkpoint/restore">;
  // A caller may send the restore right behind the creation: what it cannot know of yet is waited for.
  await whenDurable(supervisor);
  const session = supervisor.session(sessionId);
  const entry = findCheckpoint(session, given);
  if (entry === undefined) throw new RefusalError(checkpointNotFound(sessionId, given).refusal);
  const value = await valueIn(supervisor, session, entry);
  const { checkpointId } = entry;
  const undoId = uuidv7(supervisor.clock.nowMs(), randomUUID());
  const answer = supervisor.submit(
    { type: "checkpoint/restore", sessionId, checkpointId, undoId, value },
    {
      ...by,
      show: ({ session: after }) =>
        after === undefined ? {} : { ...showSession(after), restored: checkpointId, undo: undoId },
    },
  );
  return answer as Promise<Result<"checkpoint/restore">>;
}

/** Resolves when all that was decided is durable, or was refused. */
function whenDurable({ journal }: Supervisor): Promise<void> {
  return new Promise((resolve) => {
    journal.whenDurable(() => resolve());
  });
}

/** @throws RefusalError where what it keeps is not there any more as it was written */
async function valueIn(
  { checkpoints }: Supervisor,
  session: Session,
  entry: CheckpointEntry,
): Promise<CheckpointValue> {
  const read = await checkpoints.read(session, entry);
  // Its checksum was good, so it is what a daemon wrote.
  if ("value" in read) return read.value as CheckpointValue;
  const { checkpointId, label } = entry;
  const named = label === undefined ? `"${checkpointId}"` : `"${checkpointId}" (${label})`;
  const message = `Checkpoint ${named} of session "${session.sessionId}" cannot be restored: ${read.fault}. Nothing was changed.`;
  const hint =
    "restore another one of checkpoint/list, or take its file from a backup of the data folder; checkpoint/delete forgets it";
  throw new RefusalError({ type: "content_damaged", message, hint, details: { checkpointId } });
}
