import type { Event } from "../session/events.js";
import { PLAIN_TEXT } from "../session/plainText.js";
import type { KeyEntry } from "./keys.js";

/**
 * The key and the events of a record, byte for byte as JSON.stringify writes the object of both, without its opening
 * brace. Their outer form is known here and most of their texts are plain, so that to put it together by hand takes
 * half as long, which every write gains.
 */
export function recordText(key: KeyEntry | undefined, events: readonly Event[]): string {
  let texts = "";
  for (const event of events) texts += texts === "" ? eventText(event) : `,${eventText(event)}`;
  return key === undefined ? `"events":[${texts}]}` : `"key":${keyText(key)},"events":[${texts}]}`;
}

function keyText({ k, m, d, a }: KeyEntry): string {
  const answer = a === undefined ? "" : `,"a":${JSON.stringify(a)}`;
  return `{"k":${textOf(k)},"m":${textOf(m)},"d":${d}${answer}}`;
}

function eventText(event: Event): string {
  const { type, sessionId } = event;
  const session = sessionId === undefined ? "" : `,"sessionId":${textOf(sessionId)}`;
  return `{"type":${textOf(type)}${session},"data":${dataText(event)}}`;
}

/** That of the most frequent event by hand as well. */
function dataText({ type, data }: Event): string {
  if (type !== "metadata/set" || typeof data.value !== "string") return JSON.stringify(data);
  return `{"key":${textOf(data.key)},"value":${textOf(data.value)}}`;
}

function textOf(text: string): string {
  return PLAIN_TEXT.test(text) ? `"${text}"` : JSON.stringify(text);
}
