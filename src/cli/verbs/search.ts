import type { Client, Params, Result, SearchHit } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { firstItems } from "../firstItems.js";
import { ago } from "../humane.js";
import type { Paint } from "../paint.js";
import { briefId, findSession } from "../sessionRef.js";
import { cut, printable, textWidth } from "../textWidth.js";

interface SearchVerbOptions {
  readonly session?: string;
  readonly tag?: string[];
  readonly role?: NonNullable<Params<"search/query">["role"]>;
  readonly trashed?: boolean;
  readonly newest?: boolean;
  readonly limit?: number;
}

const INDENT = "  ";
const DEFAULT_LIMIT = 20;
/** Items of one page, at most. */
const PAGE_ITEMS = 100;

/** Prints what has all the words of a query; ends with 1 where nothing has, as grep does. */
export const search: Verb<SearchVerbOptions> = (context, options, args) =>
  context.withClient(async (client) => {
    const found = await find(client, args.join(" "), options);
    await context.print(found, () => inWords(context, found));
    return found.items.length === 0 ? EXIT.failure : EXIT.ok;
  });

interface Found {
  readonly items: SearchHit[];
  /** False while the index is still being made: there may be more. */
  readonly complete: boolean;
}

async function find(client: Client, query: string, options: SearchVerbOptions): Promise<Found> {
  const { session, tag: tags, role, trashed = false, newest = false, limit = DEFAULT_LIMIT } = options;
  const filter = {
    query,
    ...(session === undefined ? {} : { sessionIds: [(await findSession(client, session)).sessionId] }),
    ...(tags === undefined ? {} : { tags }),
    ...(role === undefined ? {} : { role }),
    includeTrashed: trashed,
    order: newest ? "newest" : "rank",
  } as const;
  const ask = (page: { limit: number; cursor: string | undefined }): Promise<Result<"search/query">> =>
    client.call("search/query", { ...filter, ...page });
  const { items, complete } = await firstItems(limit, ask, PAGE_ITEMS);
  return { items, complete };
}

function inWords({ paint, width }: Context, { items, complete }: Found): string {
  const blocks = items.map((hit) => `${headOf(hit, paint, width)}\n${INDENT}${painted(hit, paint, width)}\n`);
  if (blocks.length === 0) blocks.push("Nothing has all of these words.\n");
  if (!complete) blocks.push(paint("dim", "The index is still being made; there may be more in a moment.\n"));
  return blocks.join("");
}

/** Where it is: the session, what it is there, and when. */
function headOf({ kind, sessionId, index, role, at }: SearchHit, paint: Paint, width: number): string {
  const id = Number.isFinite(width) ? briefId(sessionId) : sessionId;
  const place = kind === "message" ? `message ${index} (${role})` : kind;
  return `${paint("bold", id)}  ${place}  ${paint("dim", ago(at, Date.now()))}`;
}

/** The snippet in one line, as wide as there is room, with its first hit in sight. */
function painted({ snippet, marks }: SearchHit, paint: Paint, width: number): string {
  const room = width - INDENT.length;
  const { from: first } = marks[0] ?? { from: 0 };
  const before = printable(snippet.slice(0, first));
  const isFar = textWidth(before) > room / 2;
  let left = room;
  let line = "";
  const add = (text: string, show: (text: string) => string): void => {
    if (left <= 0) return;
    const shown = cut(printable(text), left);
    left -= textWidth(shown);
    line += show(shown);
  };
  let at = isFar ? tailFrom(snippet, first, Math.floor(room / 3)) : 0;
  if (at > 0) add("…", String);
  for (const { from, to } of marks) {
    add(snippet.slice(at, from), String);
    add(snippet.slice(from, to), (text) => paint("yellow", text));
    at = to;
  }
  add(snippet.slice(at), String);
  return line;
}

/** Where to begin so that about `room` columns are before `end`: at a word. */
function tailFrom(text: string, end: number, room: number): number {
  const space = text.indexOf(" ", Math.max(0, end - room));
  return space < 0 || space >= end ? Math.max(0, end - room) : space + 1;
}
