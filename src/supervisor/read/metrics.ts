import { cpus, loadavg } from "node:os";

import type { Result, ValidParams } from "../../protocol/types.js";
import { inSteps, LEVELS, merged } from "../../sampling/history.js";
import type { Bucket } from "../../sampling/ring.js";
import type { Session } from "../../session/state.js";
import { responsePercentileMs, type Tally } from "../metrics/tally.js";
import { rounded, showTime, withoutUndefined } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";

type Got = Result<"metrics/get">;
type Reading = Pick<Supervisor, "clock" | "metrics" | "session">;

const HOUR_MS = 3_600_000;
/** Points of one answer, at most. */
const POINTS = 1_440;

/** What a session used, or the machine where none is named. */
export async function getMetrics(supervisor: Reading, params: ValidParams<"metrics/get">): Promise<Got> {
  const { clock, metrics } = supervisor;
  const session = params.sessionId === undefined ? undefined : supervisor.session(params.sessionId);
  const { history, tally } = await metrics.known(session);
  const now = clock.nowMs();
  const until = params.until === undefined ? now : Date.parse(params.until);
  const since = params.since === undefined ? until - HOUR_MS : Date.parse(params.since);
  // What is older is not deleted one by one: it leaves the rings by itself, and is not shown before.
  const from = Math.max(since, now - metrics.keepMs);
  // The last measurement of all is part of what was asked for, however fresh.
  const buckets = history.between(from, params.until === undefined ? Number.POSITIVE_INFINITY : until);
  const stepMs = stepOf(params.stepMs, Math.max(0, until - Math.max(from, buckets[0]?.at ?? from)));
  return {
    ...(session === undefined ? {} : { sessionId: session.sessionId }),
    since: showTime(since),
    until: showTime(until),
    stepMs,
    points: inSteps(buckets, stepMs).map(showPoint),
    summary: summaryOf(buckets),
    ...(session === undefined
      ? { machine: showMachine(metrics) }
      : { activity: activityOf(session, tally, supervisor) }),
  };
}

/** A step that was asked for, or that of the samples; as many times longer as it takes to be within bounds. */
function stepOf(asked: number = LEVELS[0].stepMs, spanMs: number): number {
  return Math.max(asked, Math.ceil(spanMs / POINTS / LEVELS[0].stepMs) * LEVELS[0].stepMs);
}

function showPoint(bucket: Bucket): Got["points"][number] {
  return {
    at: showTime(bucket.at),
    cpuPercent: rounded(bucket.cpuPercent),
    cpuPercentMax: rounded(bucket.cpuPercentMax),
    memoryBytes: Math.round(bucket.memoryBytes),
    memoryBytesMax: Math.round(bucket.memoryBytesMax),
    processes: rounded(bucket.processes),
    processesMax: Math.round(bucket.processesMax),
    ...(Number.isNaN(bucket.diskBytes) ? {} : { diskBytes: Math.round(bucket.diskBytes) }),
  };
}

function summaryOf(buckets: readonly Bucket[]): Got["summary"] {
  const [first] = buckets;
  const last = buckets.at(-1);
  if (first === undefined || last === undefined) return { durationMs: 0, totalPoints: 0 };
  const whole = merged(first.at, buckets);
  const isByTheSample = buckets.every(({ count }) => count === 1);
  const spread = (
    average: number,
    maximum: number,
    field: "cpuPercent" | "memoryBytes" | "processes",
  ): NonNullable<Got["summary"]["cpuPercent"]> => ({
    average: rounded(average),
    maximum: rounded(maximum),
    ...(isByTheSample ? { p95: rounded(p95(buckets.map((bucket) => bucket[field]))) } : {}),
  });
  return {
    durationMs: Math.round(last.at - first.at),
    totalPoints: whole.count,
    cpuPercent: spread(whole.cpuPercent, whole.cpuPercentMax, "cpuPercent"),
    memoryBytes: spread(whole.memoryBytes, whole.memoryBytesMax, "memoryBytes"),
    processes: spread(whole.processes, whole.processesMax, "processes"),
    ...(Number.isNaN(whole.diskBytes) ? {} : { diskBytes: Math.round(whole.diskBytes) }),
  };
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? 0;
}

function activityOf(
  session: Session,
  { errors, responses, files }: Tally,
  { clock, metrics }: Pick<Supervisor, "clock" | "metrics">,
): NonNullable<Got["activity"]> {
  const { sessionId, createdAt, endedAt, commands, invocations } = session;
  const { running, ...over } = invocations;
  const watch = metrics.watchState(sessionId);
  const isCounted = watch !== undefined || files.created + files.modified + files.deleted > 0;
  const { detail } = watch ?? {};
  return {
    durationMs: Math.max(0, Math.round((endedAt ?? clock.nowMs()) - createdAt)),
    commandsStarted: commands.total,
    commandsFailed: commands.failed,
    commandsRunning: commands.running,
    activities: session.activities,
    messages: session.conversation.count,
    errors,
    invocations: running + Object.values(over).reduce((sum, count) => sum + count, 0),
    responseTimes: withoutUndefined({
      count: responses.count,
      averageMs: responses.count === 0 ? undefined : rounded(responses.sumMs / responses.count),
      maximumMs: responses.count === 0 ? undefined : responses.maximumMs,
      p50Ms: rounded(responsePercentileMs(responses, 0.5)),
      p95Ms: rounded(responsePercentileMs(responses, 0.95)),
    }),
    ...(isCounted
      ? { files: { ...files, state: watch?.state ?? "off", ...(detail === undefined ? {} : { detail }) } }
      : {}),
  };
}

function showMachine(metrics: Supervisor["metrics"]): NonNullable<Got["machine"]> {
  const { at, cpuPercent, ...rest } = metrics.system();
  return {
    at: showTime(at),
    cpuPercent: rounded(cpuPercent),
    cores: cpus().length,
    loadAverage: loadavg().map((load) => rounded(load)),
    ...rest,
  };
}
