import { randomUUID } from "node:crypto";

import { RefusalError } from "../protocol/errors.js";
import type { Result, ValidParams } from "../protocol/types.js";
import type { Brought } from "../session/events.js";
import type { Session } from "../session/state.js";
import { type CopiedConversation, copyConversation } from "./copyConversation.js";
import { underKey } from "./heldCall.js";
import type { KeyedCall } from "./keys.js";
import { showSession } from "./show/session.js";
import type { Supervisor } from "./supervisor.js";
import { uuidv7 } from "./uuidv7.js";

type CloneFields = Omit<ValidParams<"session/clone">, "idempotencyKey">;
type Part = NonNullable<CloneFields["include"]>[number];

/**
 * Makes a session as a copy of another one. The conversation is copied into a folder first, page by page, and one
 * record makes the session with it; so the clone is there as a whole or not at all.
 *
 * @throws RefusalError
 */
export function cloneSession(
  supervisor: Supervisor,
  fields: CloneFields,
  call: KeyedCall | undefined,
): Promise<Result<"session/clone">> {
  return underKey(supervisor, call, async (keyed) => {
    const source = supervisor.session(fields.sessionId);
    const copied = takes(fields, "conversation")
      ? await copyConversation(supervisor, source, fields.throughMessage)
      : withoutConversation(fields);
    const { staged, damaged } = copied;
    try {
      if (keyed !== undefined) supervisor.keys.release(keyed.held);
      const answer = await supervisor.submit(commandOf(supervisor, source, fields, copied), {
        call,
        show: ({ session }) => ({ ...(session === undefined ? {} : showSession(session)), damaged }),
      });
      return answer as Result<"session/clone">;
    } catch (error) {
      await staged?.discard();
      throw error;
    }
  });
}

function commandOf(
  supervisor: Supervisor,
  source: Session,
  fields: CloneFields,
  { staged, count }: CopiedConversation,
): Parameters<Supervisor["submit"]>[0] {
  const has = (part: Part): boolean => takes(fields, part);
  const { purpose, description, userId } = source;
  const conversation = { count, appended: count, hidden: [] };
  const brought: Brought = { staged: staged?.token, history: { conversation } };
  return {
    type: "session/clone",
    sessionId: fields.newSessionId ?? uuidv7(supervisor.clock.nowMs(), randomUUID()),
    name: fields.name ?? source.name,
    purpose,
    description,
    userId,
    parentId: source.sessionId,
    workingDirectory: has("workingDirectory") ? source.workingDirectory : undefined,
    tags: has("tags") ? source.tags : [],
    metadata: has("metadata") ? source.metadata : {},
    environment: has("environment") ? source.environment : {},
    config: has("config") ? source.config : supervisor.sessionDefaults,
    brought: staged === undefined ? undefined : brought,
  };
}

function takes({ include }: CloneFields, part: Part): boolean {
  return include?.includes(part) ?? true;
}

function withoutConversation({ throughMessage }: CloneFields): CopiedConversation {
  if (throughMessage === undefined) return { staged: undefined, count: 0, damaged: 0 };
  throw new RefusalError({
    type: "invalid_params",
    message: "throughMessage: the conversation is not among what is to be included.",
    hint: 'add "conversation" to include, or leave throughMessage out',
  });
}
