import type { Params } from "../src/protocol/types.js";
import { logError, logObject, type LogObject } from "./logFields.js";

/** Which activities are wanted, in which order. */
export type ActivityFilter = Omit<Params<"session/activities">, "sessionId" | "cursor">;

type Activity = Pick<Params<"session/record">, "kind" | "action" | "details">;

/** Characters of an action that the protocol takes. */
const ACTION_LENGTH = 256;
/** Characters of the details that the protocol takes, as JSON. */
const DETAILS_LENGTH = 65_536;

/** An error as an activity. Its type is the action, so that errors of one type are found together. */
export function errorActivity(error: unknown, context?: object): Activity {
  const shown = logError(error);
  const details = { error: shown, ...(context === undefined ? {} : { context: logObject(context) }) };
  return { kind: "error", action: actionOf(shown["type"]), details: fitting(details, shown) };
}

/** A decision as an activity; what was decided is the action as well. */
export function decisionActivity(
  what: string,
  why: string,
  alternatives?: string | readonly string[],
): Activity {
  const others = alternatives === undefined ? {} : { alternatives };
  return { kind: "decision", action: actionOf(what), details: logObject({ what, why, ...others }) };
}

/** The first of these that the protocol takes: an error that is told in part is better than none. */
function fitting(details: LogObject, error: LogObject): LogObject {
  if (JSON.stringify(details).length <= DETAILS_LENGTH) return details;
  const { type, message, stack } = error;
  const rest = { type: type ?? null, message: message ?? null, stack: stack ?? null };
  return { error: rest, isCut: true };
}

/** The beginning of a text; an action is never empty. */
function actionOf(text: unknown): string {
  return typeof text === "string" && text !== "" ? text.slice(0, ACTION_LENGTH) : "unknown";
}
