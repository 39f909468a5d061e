import type { ActivityShape, CommandShape, Result, SessionShape } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { ago, bytes, clockTime, counted, duration } from "../humane.js";
import { findSession, shortIds } from "../sessionRef.js";
import { commandOutcome, paintStatus, placeWords, stallWords } from "../statusWords.js";
import { facts, table } from "../table.js";
import { cut, printable } from "../textWidth.js";
import { bindingWords, claimWords } from "../bindingWords.js";
import { showTree } from "./showTree.js";

type Activity = Result<"session/activities">["items"][number];

interface Shown {
  readonly session: SessionShape;
  readonly stats: Result<"session/stats">;
  readonly commands: readonly CommandShape[];
  readonly activities: readonly Activity[];
}

const LAST = 10;

interface ShowOptions {
  readonly tree?: boolean;
}

/** Shows one session, its last commands and its last activities; or what it was made from, and what from it. */
export const show: Verb<ShowOptions> = async (context, { tree = false }, [given = ""]) => {
  if (tree) return showTree(context, given);
  const shown = await context.withClient(async (client): Promise<Shown> => {
    const session = await findSession(client, given);
    const { sessionId } = session;
    const [stats, commands, activities] = await Promise.all([
      client.session.stats({ sessionId }),
      client.command.list({ sessionId, limit: LAST }),
      client.session.activities({ sessionId, limit: LAST }),
    ]);
    return { session, stats, commands: commands.items, activities: activities.items };
  });
  await context.print(shown, () => inWords(context, shown));
  return 0;
};

function inWords(context: Context, shown: Shown): string {
  const heading = (text: string): string => `\n${context.paint("bold", text)}\n`;
  const parts = [facts(factsOf(context, shown), (text) => context.paint("dim", text))];
  if (shown.commands.length > 0) {
    parts.push(heading(more("Commands", shown.commands.length, shown.session.commands.total)));
    parts.push(commandTable(context, shown.commands));
  }
  if (shown.activities.length > 0) {
    parts.push(heading(more("Activities", shown.activities.length, shown.session.activities)));
    parts.push(activityTable(context, shown.activities));
  }
  return parts.join("");
}

function more(title: string, shown: number, total: number): string {
  return shown < total ? `${title}, the last ${shown} of ${total.toLocaleString("en")}` : title;
}

function factsOf(
  { paint, width }: Context,
  { session, stats }: Shown,
): (readonly [string, string | undefined])[] {
  const now = Date.now();
  const room = width - 14;
  const text = (value: string | undefined): string | undefined =>
    value === undefined ? undefined : cut(printable(value), room);
  const when = (time: string): string => `${time.slice(0, 19).replace("T", " ")} UTC, ${ago(time, now)}`;
  const metadata = Object.keys(session.metadata);
  return [
    ["session", session.sessionId],
    ["name", text(session.name)],
    [
      "status",
      [paintStatus(paint, session.status), ...stallWords(session, now), ...placeWords(session)].join(", "),
    ],
    ["reason", text(session.endReason)],
    ["purpose", text(session.purpose)],
    ["description", text(session.description)],
    ["user", text(session.userId)],
    ["parent", session.parentId],
    ["folder", text(session.workingDirectory)],
    ["workspace", workspaceWords(session)],
    ["process", text(bindingWords(session, now))],
    ["tags", session.tags.length === 0 ? undefined : text(session.tags.join(", "))],
    ["metadata", metadata.length === 0 ? undefined : text(metadata.join(", "))],
    ["claimed by", text(claimWords(session))],
    ["created", when(session.createdAt)],
    ["last active", when(session.lastActivityAt)],
    ["ended", session.endedAt === undefined ? undefined : when(session.endedAt)],
    ["lasted", duration(stats.durationMs)],
    ["ends after", limits(session, stats)],
    ["used", usageWords(stats)],
    ["tools", text(toolWords(stats))],
  ];
}

/** `git worktree on sessiond/task`, and what became of it. */
function workspaceWords({ workspace }: SessionShape): string | undefined {
  if (workspace === undefined) return undefined;
  const { kind, branch, released } = workspace;
  const what = kind === "folder" ? "a folder of its own" : `git worktree on ${printable(branch ?? "")}`;
  return released === undefined ? what : `${what}, ${released.outcome}`;
}

function usageWords({ totals }: Result<"session/stats">): string | undefined {
  const { invocations, durationMs, tokenUsage, estimatedCostUsd } = totals;
  const { input, output } = tokenUsage;
  const parts = [
    invocations === 0 ? "" : `${counted(invocations, "tool call")} in ${duration(durationMs)}`,
    input + output === 0 ? "" : `${input.toLocaleString("en")} tokens in, ${output.toLocaleString("en")} out`,
    estimatedCostUsd === 0 ? "" : `$${estimatedCostUsd.toFixed(4)}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** Which tools were used and how often, the most used first: `make 12, grep 3`. */
function toolWords({ totals, invocations }: Result<"session/stats">): string | undefined {
  const tools = Object.entries(totals.toolsUsed).toSorted(([, a], [, b]) => b - a);
  const used = tools.map(([tool, count]) => `${tool} ${count.toLocaleString("en")}`);
  if (invocations.running > 0) used.push(`${invocations.running} running`);
  return used.length === 0 ? undefined : used.join(", ");
}

/** What would end the session by itself, and when: `1 h idle (59 min 12 s left)`. */
function limits({ config }: SessionShape, { remaining }: Result<"session/stats">): string | undefined {
  const limit = (ms: number, what: string, leftMs: number | undefined): string[] =>
    ms === 0 || leftMs === undefined
      ? []
      : [`${duration(ms)} ${what} (${duration(Math.max(0, leftMs))} left)`];
  const all = [
    ...limit(config.idleTimeoutMs, "idle", remaining.idleMs),
    ...limit(config.lifetimeMs, "of life", remaining.lifetimeMs),
    ...limit(config.heartbeatTimeoutMs, "without heartbeat", remaining.heartbeatMs),
  ];
  return all.length === 0 ? undefined : all.join(", ");
}

function commandTable({ paint, width }: Context, commands: readonly CommandShape[]): string {
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const short = Number.isFinite(width)
    ? shortIds(commands.map(({ commandId }) => commandId))
    : (id: string) => id;
  return table(
    commands,
    [
      { title: "ID", cell: ({ commandId }) => short(commandId), style: dim, shrinkTo: 13 },
      { title: "COMMAND", cell: ({ argv }) => argv.join(" "), shrinkTo: 12 },
      {
        title: "STATUS",
        cell: (command) => [commandOutcome(command), ...stallWords(command, now)].join(", "),
        style: (text, { status }) => paintStatus(paint, status, text),
      },
      { title: "STARTED", cell: ({ createdAt }) => ago(createdAt, now), style: dim },
      {
        title: "TOOK",
        cell: ({ durationMs }) => (durationMs === undefined ? "-" : duration(durationMs)),
        style: dim,
      },
      {
        title: "OUTPUT",
        cell: ({ stdoutBytes = 0, stderrBytes = 0 }) => bytes(stdoutBytes + stderrBytes),
        style: dim,
        align: "right",
      },
    ],
    { width, title: (text) => paint("bold", text) },
  );
}

function activityTable({ paint, width }: Context, activities: readonly Activity[]): string {
  const dim = (text: string): string => paint("dim", text);
  return table(
    activities,
    [
      { title: "AT", cell: (activity) => ("at" in activity ? clockTime(activity.at) : "?"), style: dim },
      {
        title: "ACTION",
        cell: (activity) => ("action" in activity ? actionOf(activity) : "damaged"),
        shrinkTo: 16,
      },
      { title: "DETAILS", cell: detailsOf, style: dim, shrinkTo: 12 },
    ],
    { width },
  );
}

/** What was done, with its kind where its writer said one. */
function actionOf({ kind, action }: ActivityShape): string {
  return kind === undefined ? action : `${kind}: ${action}`;
}

function detailsOf(activity: Activity): string {
  if ("damaged" in activity) return "its checksum is wrong; the others can be read";
  return activity.details === undefined ? "" : JSON.stringify(activity.details);
}
