import type { EventShape, StreamItem } from "../../client/index.js";
import { clockTime, duration } from "./humane.js";
import type { Paint } from "./paint.js";
import { commandOutcome, invocationOutcome, paintStatus, statusWords } from "./statusWords.js";
import { cut, printable } from "./textWidth.js";

/** How an event is written in a line. */
export interface EventLineOptions {
  readonly paint: Paint;
  /** Columns of the terminal. */
  readonly width: number;
  /** The id as it is to be shown. */
  readonly short: (id: string) => string;
}

const TYPE_WIDTH = 19;
/** Room that what is said of an event gets even where the terminal is too narrow for it. */
const LEAST_SAID_WIDTH = 16;

const YELLOW: ReadonlySet<EventShape["type"]> = new Set(["command/retrying", "command/stalled"]);

/** One event in one line: time, number, session, type, and what is worth knowing of it. */
export function eventLine(item: StreamItem, { paint, width, short }: EventLineOptions): string {
  if (item.type === "gap")
    return `${paint("yellow", `… events before ${item.oldestSeq} are no longer kept`)}\n`;
  const head = `${clockTime(item.at)} ${String(item.seq).padStart(5)} ${short(item.sessionId ?? "-")}`;
  const type = item.type.padEnd(TYPE_WIDTH);
  const room = width - `${head}  ${type}  `.length;
  const said = cut(printable(gist(item)), Math.max(LEAST_SAID_WIDTH, room));
  return `${`${paint("dim", head)}  ${type}  ${coloured(item, said, paint)}`.trimEnd()}\n`;
}

function coloured(event: EventShape, text: string, paint: Paint): string {
  if (
    event.type === "session/ended" ||
    event.type === "command/ended" ||
    event.type === "invocation/finished" ||
    event.type === "invocation/linked"
  ) {
    return paintStatus(paint, event.data.status, text);
  }
  return YELLOW.has(event.type) ? paint("yellow", text) : text;
}

/** What a reader wants to know of an event, in a few words. */
function gist(event: EventShape): string {
  switch (event.type) {
    case "session/created":
    case "session/cloned":
    case "session/imported":
      return event.data.name ?? "";
    case "session/updated":
      return Object.keys(event.data).join(", ");
    case "session/ended":
      return withReason(statusWords(event.data.status), event.data.reason);
    case "session/claimed":
      return `${event.data.holder ?? "somebody"}, epoch ${event.data.epoch}`;
    case "session/released":
      return `${event.data.reason.replaceAll("_", " ")}, epoch ${event.data.epoch}`;
    case "session/bound":
      return `process ${event.data.pid}${event.data.name === undefined ? "" : ` (${event.data.name})`}`;
    case "session/unbound":
      return `process ${event.data.pid}, ${event.data.reason.replaceAll("_", " ")}`;
    case "session/paused":
      return event.data.reason ?? "";
    case "activity/recorded":
      return event.data.details === undefined
        ? event.data.action
        : `${event.data.action} ${JSON.stringify(event.data.details)}`;
    case "chain/appended":
      return `${event.data.agentId} in ${event.data.sessionId}: ${event.data.prompt}`;
    case "chain/trimmed":
      return `${event.data.agentId}, ${event.data.dropped} dropped`;
    case "chain/reset":
      return event.data.agentId;
    case "template/saved":
    case "template/deleted":
      return event.data.templateId;
    case "invocation/started":
      return event.data.tool;
    case "invocation/finished":
    case "invocation/linked":
      return `${event.data.tool}: ${invocationOutcome(event.data)}`;
    case "metadata/set":
      return `${event.data.key} = ${JSON.stringify(event.data.value)}`;
    case "metadata/deleted":
      return event.data.key;
    case "checkpoint/created":
      return event.data.label ?? event.data.checkpointId;
    case "checkpoint/restored":
      return `${event.data.checkpointId}, ${statusWords(event.data.status)}`;
    case "checkpoint/deleted":
      return event.data.checkpointId;
    default:
      return gistOfOthers(event);
  }
}

/** Of commands and alerts. */
function gistOfOthers(event: EventShape): string {
  switch (event.type) {
    case "command/accepted":
    case "command/imported":
      return event.data.argv.join(" ");
    case "command/started":
      return `pid ${event.data.pid}, try ${event.data.attempt}`;
    case "command/retrying":
      return retrying(event.at, event.data);
    case "command/stalled":
      return `no sign of life for ${duration(event.data.afterMs)}: ${event.data.action}`;
    case "command/recovered":
      return `${event.data.sign} again, after ${duration(event.data.stalledMs)}`;
    case "command/signalled":
      return event.data.signal;
    case "command/ended":
      return `${commandOutcome(event.data)} in ${duration(event.data.durationMs)}`;
    case "alert/configured":
    case "alert/unconfigured":
      return event.data.ruleId;
    case "alert/fired":
      return `${event.data.ruleId}: ${event.data.message}`;
    case "alert/resolved":
      return `${event.data.ruleId}: ${event.data.reason.replaceAll("_", " ")}`;
    case "alert/acknowledged":
      return withReason(event.data.ruleId, event.data.by);
    case "alert/delivered":
      return `${event.data.ruleId}: ${event.data.deliveries.map(({ target, status }) => `${target} ${status}`).join(", ")}`;
    default:
      return "";
  }
}

type Retrying = Extract<EventShape, { type: "command/retrying" }>["data"];

function retrying(at: string, { attempt, exitCode, signal, cause, nextAttemptAt }: Retrying): string {
  const result = signal ?? (exitCode === undefined ? cause.replaceAll("_", " ") : `exit ${exitCode}`);
  const waitMs = Math.max(0, Date.parse(nextAttemptAt) - Date.parse(at));
  return `try ${attempt}: ${result}; again in ${duration(waitMs)}`;
}

function withReason(words: string, reason: string | undefined): string {
  return reason === undefined ? words : `${words}: ${reason}`;
}
