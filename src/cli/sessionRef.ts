import type { Client, SessionShape } from "../../client/index.js";
import { SessiondError } from "../../client/index.js";
import { CliError } from "./cliError.js";
import { EXIT } from "./exitCodes.js";
import { cut } from "./textWidth.js";

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Candidates that a message names. */
const SHOWN_CANDIDATES = 5;
const SHORTEST_ID = 8;

/**
 * The session that a person means: by its id, by its name (the newest active one, else the newest), or by the
 * beginning of an id that no other session shares.
 *
 * @throws {CliError} when there is none, or more than one of which none is meant more than the other.
 */
export async function findSession(client: Client, given: string): Promise<SessionShape> {
  const found =
    (await withId(client, given)) ?? (await withName(client, given)) ?? (await withPrefix(client, given));
  if (found !== undefined) return found;
  throw new CliError(`There is no session ${JSON.stringify(given)}.`, {
    type: "session_not_found",
    exitCode: EXIT.failure,
    hint: "see those that there are with: sessiond list --all",
  });
}

async function withId(client: Client, given: string): Promise<SessionShape | undefined> {
  if (!ID.test(given)) return undefined;
  try {
    return await client.session.get({ sessionId: given });
  } catch (error) {
    if (error instanceof SessiondError && error.type === "session_not_found") return undefined;
    throw error;
  }
}

async function withName(client: Client, name: string): Promise<SessionShape | undefined> {
  // The protocol takes no longer name, and nothing without a letter.
  if (name === "" || name.length > 256) return undefined;
  const active = await client.session.list({ name, status: "active", limit: 1 });
  if (active.items[0] !== undefined) return active.items[0];
  const kept = await client.session.list({ name, includeArchived: true, limit: 1 });
  return kept.items[0] ?? (await client.session.list({ name, status: "trashed", limit: 1 })).items[0];
}

async function withPrefix(client: Client, prefix: string): Promise<SessionShape | undefined> {
  if (!ID.test(prefix) || UUID.test(prefix)) return undefined;
  const candidates: SessionShape[] = [];
  const all = { includeArchived: true, includeTrashed: true, limit: 1_000 };
  for await (const session of client.pages("session/list", all)) {
    if (session.sessionId.startsWith(prefix)) candidates.push(session);
    if (candidates.length > SHOWN_CANDIDATES) break;
  }
  if (candidates.length <= 1) return candidates[0];
  const shown = candidates.slice(0, SHOWN_CANDIDATES).map(({ sessionId }) => sessionId);
  const more = candidates.length > SHOWN_CANDIDATES ? ", …" : "";
  throw new CliError(
    `More than one session begins with ${JSON.stringify(prefix)}: ${shown.join(", ")}${more}`,
    {
      type: "ambiguous",
      exitCode: EXIT.failure,
      hint: "give more of the id",
    },
  );
}

/**
 * The ids as short as they can be and still be told from each other: for a list that people read. Ids that are
 * no UUIDs were chosen by somebody, and stay whole.
 */
export function shortIds(ids: readonly string[]): (id: string) => string {
  let length = SHORTEST_ID;
  const uuids = [...new Set(ids.filter((id) => UUID.test(id)))];
  while (length < 36 && new Set(uuids.map((id) => id.slice(0, length))).size < uuids.length) length++;
  return (id) => (UUID.test(id) ? id.slice(0, length).replace(/-$/, "") : id);
}

/**
 * An id in short where the others are not known, as in a stream: of a UUIDv7 the part that holds the moment of its
 * making, to the millisecond.
 */
export function briefId(id: string): string {
  return UUID.test(id) ? id.slice(0, 13) : cut(id, 18);
}
