import type { InvocationShape, Params, Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { firstItems } from "../firstItems.js";
import { ago, counted, duration } from "../humane.js";
import { findSession, shortIds } from "../sessionRef.js";
import { paintStatus, statusWords } from "../statusWords.js";
import { table } from "../table.js";

interface InvocationsOptions {
  readonly tool?: string;
  readonly status?: NonNullable<Params<"invocation/list">["status"]>;
  readonly limit?: number;
}

type Found = Result<"invocation/list">;
type Item = Found["items"][number];

const DEFAULT_LIMIT = 20;

/** Lists the invocations of a session, those that run first, then the newest. */
export const invocations: Verb<InvocationsOptions> = async (context, options, [given = ""]) => {
  const { tool, status, limit = DEFAULT_LIMIT } = options;
  const found = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return firstItems(limit, (page) => client.invocation.list({ sessionId, tool, status, ...page }));
  });
  await context.print(found, () => inWords(context, found));
  return 0;
};

function inWords({ paint, width }: Context, { items, total }: Found): string {
  if (items.length === 0) return "There are no such invocations.\n";
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const isCut = Number.isFinite(width);
  const short = isCut ? shortIds(items.flatMap((item) => idOf(item) ?? [])) : (id: string) => id;
  const known = <T>(item: Item, cell: (one: InvocationShape) => T): T | "-" =>
    "damaged" in item ? "-" : cell(item);
  const rows = table(
    items,
    [
      { title: "ID", cell: (item) => short(idOf(item) ?? "damaged"), style: dim, shrinkTo: 13 },
      { title: "TOOL", cell: (item) => known(item, ({ tool }) => tool), shrinkTo: 12 },
      {
        title: "STATUS",
        cell: (item) => known(item, ({ status }) => statusWords(status)),
        style: (text, item) => ("damaged" in item ? text : paintStatus(paint, item.status, text)),
      },
      {
        title: "STARTED",
        cell: (item) => known(item, ({ startedAt }) => ago(startedAt, now)),
        style: dim,
      },
      {
        title: "TOOK",
        cell: (item) =>
          known(item, ({ durationMs }) => (durationMs === undefined ? "-" : duration(durationMs))),
        style: dim,
      },
      { title: "WHAT", cell: (item) => known(item, gist), style: dim, shrinkTo: 12 },
    ],
    { width, title: (text) => paint("bold", text) },
  );
  if (items.length >= total || !isCut) return rows;
  return `${rows}${dim(`${counted(items.length, "invocation")} of ${total.toLocaleString("en")}; --limit shows more`)}\n`;
}

function idOf(item: Item): string | undefined {
  return "damaged" in item ? undefined : item.invocationId;
}

/** What says most of an invocation: what went wrong, where its tool has it, or what it was asked. */
function gist({ error, path, input }: InvocationShape): string {
  return error ?? path ?? (input === undefined ? "" : JSON.stringify(input));
}
