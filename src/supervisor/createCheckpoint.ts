import { randomUUID } from "node:crypto";

import type { Result, ValidParams } from "../protocol/types.js";
import { findCheckpoint } from "../session/checkpoint.js";
import type { After, SubmitOptions } from "./ledger.js";
import { showCheckpoint } from "./show/checkpoint.js";
import type { Supervisor } from "./supervisor.js";
import { uuidv7 } from "./uuidv7.js";

/** Makes a checkpoint of a session as it is now. */
export function createCheckpoint(
  supervisor: Supervisor,
  { sessionId, label }: Omit<ValidParams<"checkpoint/create">, "idempotencyKey" | "lease">,
  by: Pick<SubmitOptions, "call" | "lease">,
): Promise<Result<"checkpoint/create">> {
  const checkpointId = uuidv7(supervisor.clock.nowMs(), randomUUID());
  const show = ({ session }: After): object => {
    const entry = session === undefined ? undefined : findCheckpoint(session, checkpointId);
    return session === undefined || entry === undefined ? {} : showCheckpoint(entry, session);
  };
  const command = { type: "checkpoint/create", sessionId, checkpointId, label } as const;
  return supervisor.submit(command, { ...by, show }) as Promise<Result<"checkpoint/create">>;
}
