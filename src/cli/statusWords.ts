import type { CommandShape, InvocationShape, SessionShape } from "../../client/index.js";
import { duration } from "./humane.js";
import type { Paint, Style } from "./paint.js";

const STYLES: Readonly<
  Record<SessionShape["status"] | CommandShape["status"] | InvocationShape["status"], Style>
> = {
  active: "green",
  paused: "yellow",
  completed: "dim",
  abandoned: "magenta",
  timed_out: "magenta",
  starting: "green",
  running: "green",
  backing_off: "yellow",
  succeeded: "dim",
  failed: "red",
  cancelled: "magenta",
  lost: "red",
};

type Status = keyof typeof STYLES;

/** A status in words: `timed out`. */
export function statusWords(status: Status): string {
  return status.replaceAll("_", " ");
}

/** Where a session is kept, beside its status: `archived`, `in the trash`, `pinned`. */
export function placeWords({ archivedAt, deletedAt, pinned }: SessionShape): string[] {
  return [
    ...(archivedAt === undefined ? [] : ["archived"]),
    ...(deletedAt === undefined ? [] : ["in the trash"]),
    ...(pinned ? ["pinned"] : []),
  ];
}

/** Since when nothing was heard of a command, or of the one of a session that is silent the longest: `stalled 3 min`. */
export function stallWords(
  { stalledSince }: { readonly stalledSince?: string | undefined },
  nowMs: number,
): string[] {
  if (stalledSince === undefined) return [];
  return [`stalled ${duration(Math.max(0, nowMs - Date.parse(stalledSince)))}`];
}

/** A text in the colour of a status. */
export function paintStatus(paint: Paint, status: Status, text = statusWords(status)): string {
  return paint(STYLES[status], text);
}

/** How an invocation ended, or how it is: `failed in 1.2 s`, `running`. */
export function invocationOutcome({
  status,
  durationMs,
}: Pick<InvocationShape, "status" | "durationMs">): string {
  return durationMs === undefined ? statusWords(status) : `${statusWords(status)} in ${duration(durationMs)}`;
}

/** What tells how a command ended: the command itself, or the event of its end. */
type Outcome = Pick<CommandShape, "status" | "cause" | "exitCode" | "signal"> &
  Partial<Pick<CommandShape, "attempt" | "maxAttempts" | "supervision">>;

/** What is told of a command that has no keeper; what its tries and its end then mean is in the README. */
const KEPT_BY = { keeper: "", sh: ", kept by sh", child: ", ends with the daemon" } as const;

/** How a command ended, or how it is: `exit 3`, `SIGTERM`, `running, kept by sh`, `backing off, try 2 of 5`. */
export function commandOutcome({
  status,
  cause,
  exitCode,
  signal,
  attempt = 1,
  maxAttempts = 1,
  supervision = "keeper",
}: Outcome): string {
  const tries = attempt > 1 || status === "backing_off" ? `, try ${attempt} of ${maxAttempts}` : "";
  const sign = supervision === "sh" && exitCode !== undefined && exitCode > 128 ? ", or a signal" : "";
  if (cause === "exited" && exitCode !== undefined) return `exit ${exitCode}${sign}${tries}`;
  if (cause === "exited" && signal !== undefined) return `${signal}${tries}`;
  const kept = status === "running" ? KEPT_BY[supervision] : "";
  if (cause === undefined || cause === "exited") return `${statusWords(status)}${kept}${tries}`;
  return `${statusWords(status)} (${cause.replaceAll("_", " ")})${tries}`;
}
