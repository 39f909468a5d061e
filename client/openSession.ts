import { SessiondError } from "../src/rpc/remoteError.js";
import type { Params, SessionShape } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import { Session } from "./session.js";

/** What a session is created with if there is none yet. */
export type OpenOptions = Omit<Params<"session/create">, "name" | "idempotencyKey">;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Opens a session by its id, or by a name: the session with this id unless it has ended, else the newest active
 * one with this name, else a new one with this name. What looks like a UUID is never a name: the session with
 * this id, ended or not, or an error.
 *
 * Two programs that open the same new name at the same moment may get one session each; an id in
 * `options.sessionId` makes the daemon refuse the second.
 */
export async function openSession(call: Call, nameOrId: string, options: OpenOptions = {}): Promise<Session> {
  if (UUID.test(nameOrId)) return new Session(call, await call("session/get", { sessionId: nameOrId }));
  const found = (await withId(call, nameOrId)) ?? (await withName(call, nameOrId));
  return new Session(call, found ?? (await call("session/create", { ...options, name: nameOrId })));
}

/**
 * Runs `work` with a session and ends it: as completed, or as failed with the error's message as the reason.
 *
 * @throws what `work` throws.
 */
export async function withSession<T>(
  call: Call,
  nameOrId: string,
  work: (session: Session) => T | Promise<T>,
  options?: OpenOptions,
): Promise<T> {
  const session = await openSession(call, nameOrId, options);
  let result: T;
  try {
    result = await work(session);
  } catch (error) {
    // What went wrong in the work is what the caller has to know, whatever becomes of the session.
    await session.close("failed", messageOf(error)).catch(() => undefined);
    throw error;
  }
  await session.close();
  return result;
}

async function withId(call: Call, sessionId: string): Promise<SessionShape | undefined> {
  if (!ID.test(sessionId)) return undefined;
  try {
    const session = await call("session/get", { sessionId });
    return session.endedAt === undefined ? session : undefined;
  } catch (error) {
    if (error instanceof SessiondError && error.type === "session_not_found") return undefined;
    throw error;
  }
}

async function withName(call: Call, name: string): Promise<SessionShape | undefined> {
  const { items } = await call("session/list", { name, status: "active", order: "newest", limit: 1 });
  return items[0];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
