import type { Result, ValidParams } from "../../protocol/types.js";
import type { Session } from "../../session/state.js";
import { rounded, showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

/** About how many characters an item of these lists has. */
const LENGTH = 250;

/** One page of what sessions used at the last round, newest session first. */
export function listLatest(
  { metrics, registry }: Pick<Supervisor, "metrics" | "registry">,
  { sessionIds, limit, cursor }: ValidParams<"metrics/latest">,
): Result<"metrics/latest"> {
  const before = decodeCursor<{ seq: number }>(cursor, ["seq"])?.seq ?? Number.POSITIVE_INFINITY;
  const asked = sessionIds === undefined ? metrics.measured() : new Set(sessionIds);
  const matching = [...asked]
    .flatMap((sessionId) => registry.committedSessions.get(sessionId) ?? [])
    .filter(({ sessionId }) => metrics.latest(sessionId) !== undefined)
    .toSorted((a, b) => b.createdSeq - a.createdSeq);
  return pageOf(
    matching.filter(({ createdSeq }) => createdSeq < before),
    { limit, total: matching.length },
    {
      show: (session) => showLatest(metrics, session),
      cursorOf: ({ createdSeq }) => ({ seq: createdSeq }),
      lengthOf: () => LENGTH,
    },
  );
}

function showLatest(
  metrics: Supervisor["metrics"],
  session: Session,
): Result<"metrics/latest">["items"][number] {
  const { sessionId } = session;
  const {
    at = 0,
    cpuPercent = 0,
    memoryBytes = 0,
    processes = 0,
    diskBytes,
  } = metrics.latest(sessionId) ?? {};
  return {
    sessionId,
    at: showTime(at),
    cpuPercent: rounded(cpuPercent),
    memoryBytes,
    processes,
    ...(diskBytes === undefined ? {} : { diskBytes }),
    ...(metrics.isDiskPartial(session) ? { diskIsPartial: true } : {}),
  };
}

/** One page of the processes of a session, by their ids. */
export async function listProcesses(
  supervisor: Pick<Supervisor, "metrics" | "session">,
  { sessionId, limit, cursor }: ValidParams<"session/processes">,
): Promise<Result<"session/processes">> {
  const after = decodeCursor<{ pid: number }>(cursor, ["pid"])?.pid ?? 0;
  const rows = await supervisor.metrics.processes(supervisor.session(sessionId).sessionId);
  return pageOf(
    rows.filter(({ pid }) => pid > after),
    { limit, total: rows.length },
    {
      show: ({ commandId, cpuPercent, startedAt, memoryBytes, ...row }) => ({
        ...row,
        cpuPercent: rounded(cpuPercent),
        memoryBytes: Math.round(memoryBytes),
        ...(commandId === undefined ? {} : { commandId }),
        ...(startedAt === undefined ? {} : { startedAt: showTime(startedAt) }),
      }),
      cursorOf: ({ pid }) => ({ pid }),
      lengthOf: () => LENGTH,
    },
  );
}
