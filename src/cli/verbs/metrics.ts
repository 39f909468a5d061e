import type { Client, Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { firstItems } from "../firstItems.js";
import { ago, bytes, counted, duration } from "../humane.js";
import { findSession, shortIds } from "../sessionRef.js";
import { sparkline } from "../sparkline.js";
import { type Column, facts, table } from "../table.js";

interface MetricsOptions {
  readonly since?: number;
}

type Got = Result<"metrics/get">;
type Latest = Result<"metrics/latest">["items"][number] & { readonly name?: string | undefined };

const SINCE_MS = 3_600_000;
const SHOWN = 100;
const SPARKS = 40;

/** What the machine and its sessions use now, or what one session has used. */
export const metrics: Verb<MetricsOptions> = async (context, { since = SINCE_MS }, [given]) => {
  const range = { since: new Date(Date.now() - since).toISOString() };
  if (given !== undefined) {
    const got = await context.withClient(async (client) => {
      const { sessionId } = await findSession(client, given);
      return client.metrics.get({ sessionId, ...range });
    });
    await context.print(got, () => ofSession(context, got));
    return 0;
  }
  const { machine, sessions } = await context.withClient(async (client) => ({
    machine: await client.metrics.get(range),
    sessions: await latest(client),
  }));
  await context.print({ machine, sessions }, () => ofAll(context, machine, sessions));
  return 0;
};

/** With the names of the sessions, by which people know them. */
async function latest(client: Client): Promise<readonly Latest[]> {
  const { items } = await firstItems(SHOWN, (page) => client.metrics.latest(page));
  return Promise.all(
    items.map(async (item) => {
      // It may have been deleted in between.
      const session = await client.session.get({ sessionId: item.sessionId }).catch(() => undefined);
      return { ...item, name: session?.name };
    }),
  );
}

function ofAll(context: Context, got: Got, sessions: readonly Latest[]): string {
  const { paint, width } = context;
  const { machine } = got;
  const head =
    machine === undefined
      ? ""
      : facts(
          [
            [
              "cpu",
              `${machine.cpuPercent.toFixed(0)} % of ${counted(machine.cores, "core")}, load ${load(machine)}`,
            ],
            ["memory", `${bytes(machine.memoryBytes)} of ${bytes(machine.totalMemoryBytes)}`],
            ["disk", `${bytes(machine.diskFreeBytes)} free of ${bytes(machine.diskTotalBytes)}`],
          ],
          (text) => paint("dim", text),
        );
  if (sessions.length === 0) return `${head}Nothing has run in a session of late.\n`;
  return `${head}\n${table(sessions, columns(context, sessions), { width, title: (text) => paint("bold", text) })}`;
}

function load({ loadAverage }: NonNullable<Got["machine"]>): string {
  return loadAverage.map((each) => each.toFixed(2)).join(" ");
}

function columns({ paint, width }: Context, sessions: readonly Latest[]): Column<Latest>[] {
  const isCut = Number.isFinite(width);
  const short = isCut ? shortIds(sessions.map(({ sessionId }) => sessionId)) : (id: string) => id;
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  return [
    { title: "ID", cell: ({ sessionId }) => short(sessionId), shrinkTo: 13 },
    { title: "NAME", cell: ({ name }) => name ?? "-", shrinkTo: 8 },
    { title: "CPU %", cell: ({ cpuPercent }) => cpuPercent.toFixed(1), align: "right" },
    { title: "MEMORY", cell: ({ memoryBytes }) => bytes(memoryBytes), align: "right" },
    { title: "PROCESSES", cell: ({ processes }) => String(processes), align: "right" },
    { title: "DISK", cell: disk, align: "right" },
    { title: "SEEN", cell: ({ at }) => ago(at, now), style: dim },
  ];
}

function disk({ diskBytes, diskIsPartial }: Pick<Latest, "diskBytes" | "diskIsPartial">): string {
  if (diskBytes === undefined) return "-";
  return diskIsPartial === true ? `over ${bytes(diskBytes)}` : bytes(diskBytes);
}

function ofSession({ paint, width }: Context, got: Got): string {
  const { summary, activity, points, sessionId } = got;
  const sparks = Math.min(SPARKS, Number.isFinite(width) ? width - 12 : SPARKS);
  const line = (values: readonly number[]): string | undefined =>
    values.length < 2 ? undefined : paint("cyan", sparkline(values, sparks));
  const { responseTimes, files } = activity ?? {};
  return facts(
    [
      ["session", sessionId],
      ["measured", summary.totalPoints === 0 ? "nothing: no command of it ran" : measured(summary)],
      ["cpu", spread(summary.cpuPercent, (value) => `${value.toFixed(1)} %`)],
      ["", line(points.map(({ cpuPercentMax }) => cpuPercentMax))],
      ["memory", spread(summary.memoryBytes, bytes)],
      ["", line(points.map(({ memoryBytesMax }) => memoryBytesMax))],
      ["processes", spread(summary.processes, (value) => value.toFixed(value % 1 === 0 ? 0 : 1))],
      ["disk", summary.diskBytes === undefined ? undefined : bytes(summary.diskBytes)],
      ["commands", activity && commandsOf(activity)],
      [
        "activities",
        activity &&
          `${counted(activity.activities, "activity", "activities")}, ${counted(activity.errors, "error")}`,
      ],
      ["invocations", responseTimes && invocationsOf(activity?.invocations ?? 0, responseTimes)],
      [
        "files",
        files &&
          `${files.created} created, ${files.modified} modified, ${files.deleted} deleted${watched(files)}`,
      ],
    ],
    (text) => paint("dim", text),
  );
}

function measured({ totalPoints, durationMs }: Got["summary"]): string {
  return `${counted(totalPoints, "time")} in ${duration(durationMs)}`;
}

function spread(values: Got["summary"]["cpuPercent"], show: (value: number) => string): string | undefined {
  if (values === undefined) return undefined;
  const { average, maximum, p95 } = values;
  const most = p95 === undefined ? "" : `, 95 % of the time up to ${show(p95)}`;
  return `${show(average)} on average${most}, ${show(maximum)} at most`;
}

function commandsOf(activity: NonNullable<Got["activity"]>): string {
  const { commandsStarted, commandsFailed, commandsRunning } = activity;
  return `${commandsStarted} started, ${commandsRunning} running, ${commandsFailed} failed`;
}

function invocationsOf(
  invocations: number,
  { count, p50Ms = 0, p95Ms = 0, maximumMs = 0 }: NonNullable<Got["activity"]>["responseTimes"],
): string {
  if (count === 0) return String(invocations);
  return `${invocations}, half of them within ${duration(p50Ms)}, 95 % within ${duration(p95Ms)}, ${duration(maximumMs)} at most`;
}

function watched({ state, detail }: NonNullable<NonNullable<Got["activity"]>["files"]>): string {
  if (state === "watching" || state === "off") return "";
  const why = detail === undefined ? "" : ` (${detail})`;
  return state === "failed" ? `; they cannot be watched${why}` : `; not all of them are watched${why}`;
}
