import { randomUUID } from "node:crypto";

import type { Result, ValidParams } from "../protocol/types.js";
import { mergeSettings } from "../session/settings.js";
import type { KeyedCall } from "./keys.js";
import type { After } from "./ledger.js";
import { showSession } from "./show/session.js";
import { findTemplate, withDefaults } from "./template.js";
import type { Supervisor } from "./supervisor.js";
import { uuidv7 } from "./uuidv7.js";
import { createInWorkspace } from "./workspaces/createIn.js";

/** Creates a session; what the call leaves out of its settings is filled from the daemon's defaults. */
export function createSession(
  supervisor: Supervisor,
  given: Omit<ValidParams<"session/create">, "idempotencyKey">,
  call: KeyedCall | undefined,
): Promise<Result<"session/create">> {
  const { template, workspace, ...own } = given;
  const fields = template === undefined ? own : withDefaults(own, findTemplate(supervisor, template));
  const command = {
    type: "session/create",
    sessionId: fields.sessionId ?? uuidv7(supervisor.clock.nowMs(), randomUUID()),
    name: fields.name,
    purpose: fields.purpose,
    description: fields.description,
    userId: fields.userId,
    parentId: fields.parentId,
    workingDirectory: fields.workingDirectory,
    tags: fields.tags ?? [],
    metadata: fields.metadata ?? {},
    environment: fields.environment ?? {},
    config: mergeSettings(supervisor.sessionDefaults, fields.config),
  } as const;
  const show = ({ session }: After): object => (session === undefined ? {} : showSession(session));
  const answer =
    workspace === undefined
      ? supervisor.submit(command, { call, show })
      : createInWorkspace(supervisor, command, workspace, { call, show });
  return answer as Promise<Result<"session/create">>;
}
