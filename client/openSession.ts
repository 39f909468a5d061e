import { SessiondError } from "../src/rpc/remoteError.js";
import type { Params, SessionShape } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import type { ClaimOptions } from "./lease.js";
import { Session } from "./session.js";
import type { SessionWays } from "./sessionWays.js";

/** What a session is created with if there is none yet, and whether it is claimed. */
export interface OpenOptions extends Omit<Params<"session/create">, "name" | "idempotencyKey"> {
  /** Claims the session for this program; see {@link Session.claim}. */
  readonly claim?: boolean | ClaimOptions | undefined;
}

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
export async function openSession(
  ways: SessionWays,
  nameOrId: string,
  { claim = false, ...fields }: OpenOptions = {},
): Promise<Session> {
  const session = new Session(ways, await foundOrCreated(ways.call, nameOrId, fields));
  if (claim === false) return session;
  try {
    await session.claim(claim === true ? {} : claim);
    return session;
  } catch (error) {
    // It is somebody else's, who also beats for it.
    session.detach();
    throw error;
  }
}

async function foundOrCreated(
  call: Call,
  nameOrId: string,
  fields: Omit<OpenOptions, "claim">,
): Promise<SessionShape> {
  if (UUID.test(nameOrId)) return call("session/get", { sessionId: nameOrId });
  const found = (await withId(call, nameOrId)) ?? (await withName(call, nameOrId));
  return found ?? call("session/create", { ...fields, name: nameOrId });
}

/**
 * Runs `work` with a session and ends it: as completed, or as failed with the error's message as the reason.
 *
 * @throws what `work` throws.
 */
export async function withSession<T>(
  ways: SessionWays,
  nameOrId: string,
  work: (session: Session) => T | Promise<T>,
  options?: OpenOptions,
): Promise<T> {
  const session = await openSession(ways, nameOrId, options);
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
