import type { Client, Params, Result, SessionShape } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { firstItems } from "../firstItems.js";
import { ago, counted, duration } from "../humane.js";
import { shortIds } from "../sessionRef.js";
import { paintStatus, placeWords, stallWords, statusWords } from "../statusWords.js";
import type { Column } from "../table.js";
import { table } from "../table.js";

interface ListOptions {
  readonly status?: NonNullable<Params<"session/list">["status"]>;
  readonly tag?: string[];
  readonly user?: string;
  readonly name?: string;
  readonly all?: boolean;
  readonly limit?: number;
}

type Found = Result<"session/list">;

const DEFAULT_LIMIT = 20;

/** Lists sessions. */
export const list: Verb<ListOptions> = async (context, options) => {
  const found = await context.withClient((client) => find(client, options));
  await context.print(found, () => (found.items.length === 0 ? nothing(options) : inWords(context, found)));
  return 0;
};

async function find(client: Client, options: ListOptions): Promise<Found> {
  const { status, tag: tags, user: userId, name, all = false } = options;
  const limit = options.limit ?? (all ? Number.POSITIVE_INFINITY : DEFAULT_LIMIT);
  const filter = {
    status,
    tags,
    userId,
    name,
    includeArchived: all || status === "archived",
  };
  return firstItems(limit, (page) => client.session.list(withoutUndefined({ ...filter, ...page })));
}

function inWords(context: Context, { items, total }: Found): string {
  const { paint } = context;
  const rows = table(items, columns(context, items), {
    width: context.width,
    title: (text) => paint("bold", text),
  });
  if (items.length === total) return rows;
  const rest = `${counted(items.length, "session")} of ${total.toLocaleString("en")}; --limit or --all shows more`;
  // What only people need is left out of what a program reads.
  return Number.isFinite(context.width) ? `${rows}${paint("dim", rest)}\n` : rows;
}

function columns({ paint, width }: Context, items: readonly SessionShape[]): Column<SessionShape>[] {
  const isCut = Number.isFinite(width);
  const short = isCut ? shortIds(items.map(({ sessionId }) => sessionId)) : (id: string) => id;
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const all: Column<SessionShape>[] = [
    { title: "ID", cell: (session) => short(session.sessionId), shrinkTo: 13 },
    { title: "NAME", cell: ({ name }) => name ?? "-", shrinkTo: 16 },
    {
      title: "STATUS",
      cell: (session) =>
        [statusWords(session.status), ...stallWords(session, now), ...placeWords(session)].join(", "),
      style: (text, { status }) => paintStatus(paint, status, text),
    },
    { title: "CREATED", cell: ({ createdAt }) => ago(createdAt, now), style: dim },
    { title: "LASTED", cell: (session) => lasted(session, now), style: dim },
    { title: "COMMANDS", cell: commandsOf, style: (text) => (text.includes(",") ? text : dim(text)) },
    { title: "TAGS", cell: ({ tags }) => tags.join(","), style: dim, shrinkTo: 4 },
  ];
  // A terminal has no room for what nobody uses; a program wants the same columns always.
  const isTagged = items.some(({ tags }) => tags.length > 0);
  return isTagged || !isCut ? all : all.slice(0, -1);
}

function lasted({ createdAt, endedAt }: SessionShape, now: number): string {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  return duration(Math.max(0, end - Date.parse(createdAt)));
}

/** How many, and the one thing about them that somebody would look for: `3, 1 running` or `3, 2 failed`. */
function commandsOf({ commands: { total, running, failed } }: SessionShape): string {
  if (running > 0) return `${total}, ${running} running`;
  return failed > 0 ? `${total}, ${failed} failed` : String(total);
}

function nothing({ status, tag, user, name, all }: ListOptions): string {
  const isFiltered = [status, tag, user, name].some((filter) => filter !== undefined);
  if (isFiltered) return "No session matches. All that there are: sessiond list --all\n";
  const archived = all === true ? "" : " (archived ones: --all)";
  return `There are no sessions yet${archived}. Make one with: sessiond run -- echo hello\n`;
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
