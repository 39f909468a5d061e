import type { Client, EventsOptions, StreamItem } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { eventLine } from "../eventLine.js";
import { briefId, findSession } from "../sessionRef.js";

interface EventsVerbOptions {
  readonly follow?: boolean;
  readonly last?: number;
  readonly since?: number;
  readonly session?: string;
  readonly type?: string[];
}

type Show = (item: StreamItem) => Promise<void>;

const DEFAULT_LAST = 20;

/** Prints events: the past ones, or with `--follow` those that come, across restarts of the daemon. */
export const events: Verb<EventsVerbOptions> = (context, options) =>
  context.withClient(async (client) => {
    const { follow = false, session, type, since } = options;
    const filter: Filter = {
      ...(session === undefined ? {} : { sessionIds: [(await findSession(client, session)).sessionId] }),
      ...(type === undefined ? {} : { types: type }),
    };
    const show = printer(context);
    const { journal } = await client.daemon.status();
    const last = options.last ?? (follow || since !== undefined ? undefined : DEFAULT_LAST);
    const isPastWanted = since !== undefined || last !== undefined;
    if (isPastWanted) await showPast(client, { filter, since, last, journal }, show);
    if (!follow) return EXIT.ok;
    for await (const item of client.events({ ...filter, sinceSeq: journal.seq })) await show(item);
    return EXIT.ok;
  });

type Filter = Pick<EventsOptions, "sessionIds" | "types">;

interface Past {
  readonly filter: Filter;
  readonly since: number | undefined;
  readonly last: number | undefined;
  /** Where the journal ends, which is where the past ends, and where it begins. */
  readonly journal: { readonly seq: number; readonly oldestSeq: number };
}

/**
 * Shows events up to the journal's present end. The filter is applied here: of a filtered stream nobody could
 * tell whether the past is over or merely has nothing more that matches.
 */
async function showPast(client: Client, { filter, since, last, journal }: Past, show: Show): Promise<void> {
  const oldest = Math.max(0, journal.oldestSeq - 1);
  const isFiltered = filter.sessionIds !== undefined || filter.types !== undefined;
  const from = since ?? (isFiltered || last === undefined ? oldest : journal.seq - last);
  if (since !== undefined && since < oldest)
    await show({ type: "gap", seq: oldest, oldestSeq: journal.oldestSeq });
  const sinceSeq = Math.max(oldest, from);
  if (sinceSeq >= journal.seq) return;
  const kept: StreamItem[] = [];
  for await (const item of client.events({ sinceSeq })) {
    if (item.seq > journal.seq) break;
    if (matches(filter, item)) {
      if (last === undefined) await show(item);
      else kept.push(item);
      if (last !== undefined && kept.length > last) kept.shift();
    }
    if (item.seq === journal.seq) break;
  }
  for (const item of kept) await show(item);
}

function matches({ sessionIds, types }: Filter, item: StreamItem): boolean {
  if (item.type === "gap") return true;
  if (sessionIds !== undefined && !sessionIds.includes(item.sessionId ?? "")) return false;
  return types === undefined || types.some((type) => isOfType(item.type, type));
}

function isOfType(type: string, wanted: string): boolean {
  return wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}

function printer({ globals, out, paint, width }: Context): Show {
  if (globals.json) return (item) => out.write(`${JSON.stringify(item)}\n`);
  const short = Number.isFinite(width) ? briefId : (id: string) => id;
  return (item) => out.write(eventLine(item, { paint, width, short }));
}
