import { EXIT } from "../exitCodes.js";
import type { JournalTask } from "./journal.js";

const REDACTED = "[redacted]";
/** Dates end here, in either direction. */
const LAST_DATE_MS = 8.64e15;

interface Stored {
  readonly seq: number;
  readonly at: number;
  readonly events: readonly unknown[];
  readonly key?: unknown;
}

/** Prints the records of the journal as lines of JSON, whatever its state. */
export const dump: JournalTask = async ({ out }, { since, until }, { journalDir }) => {
  const { dumpJournal } = await import("../../journal/dump.js");
  const blocks = dumpJournal({
    journalDir,
    ...(since === undefined ? {} : { sinceSeq: since }),
    ...(until === undefined ? {} : { untilSeq: until }),
  });
  for await (const items of blocks) {
    const lines = items.map((item) => {
      switch (item.kind) {
        case "record":
          return shown(item.record);
        case "unchecked":
          return { unchecked: true, ...shown(item.record) };
        case "fault":
          return { fault: item.fault };
        case "gap":
          return { missing: { fromSeq: item.fromSeq, toSeq: item.toSeq } };
      }
    });
    // Waits until it is taken, so that a slow reader slows the reading down.
    await out.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  }
  return EXIT.ok;
};

/** A record for people. Of a key only its name and method: its answer may hold anything. */
function shown({ seq, at, key, events }: Stored): object {
  const { k, m } = isObject(key) ? key : {};
  return {
    seq,
    at: Math.abs(at) <= LAST_DATE_MS ? new Date(at).toISOString() : at,
    ...(k === undefined ? {} : { key: { idempotencyKey: k, method: m } }),
    events: events.map(withoutSecrets),
  };
}

/** Leaves out what proves a process to be a command's, and the values of environments. */
function withoutSecrets(event: unknown): unknown {
  if (!isObject(event) || !isObject(event["data"])) return event;
  const data: Record<string, unknown> = { ...event["data"] };
  if ("token" in data) data["token"] = REDACTED;
  if (isObject(data["environment"])) {
    const names = Object.keys(data["environment"]);
    data["environment"] = Object.fromEntries(names.map((name) => [name, REDACTED]));
  }
  return { ...event, data };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
