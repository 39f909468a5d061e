import type { BodyKind } from "../content/places.js";
import { RefusalError } from "../protocol/errors.js";
import { LIMITS } from "../protocol/limits.js";
import type { Session } from "../session/state.js";
import type { BodyTypes } from "./bodyOf.js";
import type { BodyCursor, BodyFilter } from "./bodyPage.js";
import type { Supervisor } from "./supervisor.js";

/** What is needed of the supervisor to read all bodies of a session. */
export type BodySource = Pick<Supervisor, "session" | "bodies">;

/**
 * The bodies of one kind up to a seq that can be read, oldest first, in pages none of which is empty: a session of any
 * size takes the memory of one page. One that is damaged is left out.
 *
 * @throws RefusalError where the session is deleted meanwhile: what was read may be a part
 */
export async function* readBodies<Kind extends BodyKind>(
  source: BodySource,
  session: Session,
  options: {
    readonly kind: Kind;
    readonly upToSeq: number;
    readonly isWanted?: BodyFilter<BodyTypes[Kind]> | undefined;
  },
): AsyncGenerator<readonly BodyTypes[Kind][]> {
  const { kind, upToSeq, isWanted } = options;
  let cursor: BodyCursor | undefined;
  do {
    const page = await source.bodies.read(
      session,
      kind,
      { order: "oldest", limit: LIMITS.pageItems, cursor },
      isWanted,
    );
    mustBeThere(source, session);
    const bodies = page.items.filter((item) => "seq" in item);
    const wanted = bodies.filter(({ seq }) => seq <= upToSeq);
    if (wanted.length > 0) yield wanted;
    if (wanted.length < bodies.length) return;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** @throws RefusalError where that very session is not there any more */
export function mustBeThere(source: Pick<BodySource, "session">, { sessionId, createdSeq }: Session): void {
  if (source.session(sessionId).createdSeq === createdSeq) return;
  const message = `Session ${sessionId} was deleted while it was read; there is another one of this id now.`;
  throw new RefusalError({ type: "session_not_found", message, hint: "nothing is left of what was begun" });
}
