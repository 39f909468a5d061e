import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";
import type { InvocationShape, Result, ValidParams } from "../../protocol/types.js";
import { invocationNotFound } from "../../session/invocation.js";
import type { Invocation, Session } from "../../session/state.js";
import { type InvocationBody, shownSeq } from "../bodyOf.js";
import type { BodyCursor, BodyFilter, BodyPage } from "../bodyPage.js";
import type { PlacedInMemory } from "../mergedBodies.js";
import { showInvocation } from "../show/invocation.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, encodeCursor } from "./page.js";

type Source = Pick<Supervisor, "registry" | "session" | "bodies">;
type Filter = ValidParams<"invocation/list">;
/** Where a page ended, and how many match in all. */
type Position = { readonly seq: number; readonly offset?: number; readonly total?: number };
type Shown = Result<"invocation/list">["items"][number];

/** Stands before the number of one that runs: it will end behind all that have ended. */
const UNENDED = 2 ** 52;

/**
 * One page of a session's invocations, by their ends. Those that are over are bodies; those that run stand behind them.
 */
export async function listInvocations(source: Source, params: Filter): Promise<Result<"invocation/list">> {
  const { order, limit } = params;
  const session = source.session(params.sessionId);
  const cursor = decodeCursor<Position>(params.cursor, ["seq", "offset", "total"]);
  const page = await readPage(source, session, params, { order, limit, cursor });
  const total = cursor?.total ?? countOf(session, params) ?? (await count(source, session, params));
  const next = page.next === undefined ? {} : { nextCursor: encodeCursor({ ...page.next, total }) };
  return { items: page.items.map((item) => showItem(session, item)), total, ...next };
}

/**
 * One invocation: of the daemon's memory, or of the file of the session that is named.
 *
 * @throws RefusalError where it is not found, and where its line in the file is damaged
 */
export async function getInvocation(
  source: Source,
  { invocationId, sessionId }: ValidParams<"invocation/get">,
): Promise<InvocationShape> {
  const known = source.registry.things.invocations.committed.get(invocationId);
  const isKnown = known !== undefined && (sessionId === undefined || sessionId === known.sessionId);
  if (!isKnown && sessionId === undefined) throw new RefusalError(invocationNotFound(invocationId).refusal);
  const session = source.session(isKnown ? known.sessionId : (sessionId ?? ""));
  if (isKnown && known.status === "running") return show(session, runningBody(known));
  const isIt: BodyFilter<InvocationBody> = isKnown
    ? ({ seq }) => seq === known.endedSeq
    : (body) => body.invocationId === invocationId;
  const body = await source.bodies.find(session, "invocations", isIt);
  if (body !== undefined) return show(session, body);
  throw new RefusalError(isKnown ? damaged(known) : invocationNotFound(invocationId).refusal);
}

function readPage(
  { bodies, registry }: Source,
  session: Session,
  { status, tool }: Pick<Filter, "status" | "tool">,
  options: Parameters<Source["bodies"]["read"]>[2],
): Promise<BodyPage<InvocationBody>> {
  const isWanted: BodyFilter<InvocationBody> = (body) =>
    (status === undefined || body.status === status) && (tool === undefined || body.tool === tool);
  const running = runningIn({ registry }, session.sessionId).map((body): PlacedInMemory<InvocationBody> => {
    return { body, length: JSON.stringify(body).length };
  });
  return bodies.read(session, "invocations", options, isWanted, running);
}

/** Those of a session that run, in the shape of those that are over, oldest first. */
export function runningIn({ registry }: Pick<Source, "registry">, sessionId: string): InvocationBody[] {
  const all = [...registry.things.invocations.committedOf(sessionId)];
  return all.filter(({ status }) => status === "running").map((one) => runningBody(one));
}

/** One that runs, in the shape of those that are over. */
function runningBody(invocation: Invocation): InvocationBody {
  const { invocationId, tool, input, path, messageId, startedAt, createdSeq } = invocation;
  const started = { invocationId, tool, input, path, messageId, startedAt };
  return { ...started, seq: UNENDED + createdSeq, at: startedAt, status: "running" };
}

/** How many match, where the session has counted them. */
function countOf({ invocations }: Session, { status, tool }: Filter): number | undefined {
  if (tool !== undefined) return undefined;
  if (status !== undefined) return invocations[status];
  return Object.values(invocations).reduce((sum, one) => sum + one, 0);
}

/** How many match, counted one by one: once for a list, whose cursors carry it on. */
async function count(source: Source, session: Session, filter: Filter): Promise<number> {
  let total = 0;
  let cursor: BodyCursor | undefined;
  do {
    const page = await readPage(source, session, filter, {
      order: "oldest",
      limit: LIMITS.pageItems,
      cursor,
    });
    total += page.items.filter((item) => !("damaged" in item)).length;
    cursor = page.next;
  } while (cursor !== undefined);
  return total;
}

/** An invocation as it is listed; one that is damaged on disk says so, and leaves the others readable. */
function showItem(session: Session, item: BodyPage<InvocationBody>["items"][number]): Shown {
  if ("damaged" in item) return { damaged: true, error: "content_damaged", offsetBytes: item.offset };
  return show(session, item);
}

function show(session: Session, body: InvocationBody): InvocationShape {
  const { sessionId } = session;
  const { at: _, seq, ...known } = body;
  return {
    ...showInvocation(known),
    sessionId,
    seq: seq >= UNENDED ? seq - UNENDED : shownSeq({ seq }, session),
  };
}

function damaged({ invocationId, sessionId }: Invocation): RefusalError["refusal"] {
  return {
    type: "content_damaged",
    message: `What is stored of invocation "${invocationId}" of session "${sessionId}" cannot be read.`,
    hint: "invocation/list shows the others, and where the damage is",
  };
}
