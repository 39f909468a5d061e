import type { Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { ago, bytes, counted, duration } from "../humane.js";
import { statusWords } from "../statusWords.js";
import { facts } from "../table.js";

type Status = Result<"daemon/status">;
type Health = Result<"daemon/health">;

/** What commands that are started now have to do without. */
const SUPERVISIONS = {
  sh: "kept by sh: stopped with their group, timed while the daemon runs",
  child: "they end with the daemon",
} as const;

/** What the daemon does and holds, and whether it is well. */
export const status: Verb<object> = async (context) => {
  const [is, health] = await context.withClient((client) =>
    Promise.all([client.daemon.status(), client.daemon.health()]),
  );
  await context.print({ ...is, health }, () => inWords(context, is, health));
  return 0;
};

function inWords({ paint }: Context, is: Status, health: Health): string {
  const { journal, recovery } = is;
  const headline = `sessiond ${is.version}, pid ${is.pid}, up ${duration(is.uptimeMs)}`;
  const state = health.status === "ok" ? paint("green", "well") : paint("red", "degraded");
  const adopted =
    recovery.adoptedCommands === 0 ? "" : `, ${counted(recovery.adoptedCommands, "command")} taken over`;
  const lost = recovery.lostCommands === 0 ? "" : `, ${counted(recovery.lostCommands, "command")} lost`;
  const table = facts(
    [
      ["health", state],
      ...health.checks
        .filter((check) => check.status !== "ok")
        .map(({ name, detail }) => [`  ${name}`, paint("red", detail)] as const),
      ["sessions", counts(is.sessions.total, is.sessions.byStatus)],
      ["commands", counts(is.commands.total, is.commands.byStatus)],
      ...(is.supervision === "keeper" ? [] : [["  supervision", SUPERVISIONS[is.supervision]] as const]),
      ["activities", is.activities.toLocaleString("en")],
      ["clients", `${counted(is.connections, "connection")}, ${counted(is.subscriptions, "subscription")}`],
      [
        "journal",
        `event ${journal.seq}, ${bytes(journal.sizeBytes)} in ${counted(journal.segments, "segment")}`,
      ],
      [
        "last start",
        `${ago(is.startedAt, Date.now())}, ${counted(recovery.records, "record")} read in ` +
          `${duration(recovery.durationMs)}${adopted}${lost}`,
      ],
      ["memory", bytes(is.memory.rssBytes)],
      ["loop", `late by ${is.loop.p99Ms} ms in 1 % of the last minute, ${is.loop.maxMs} ms at most`],
      ["socket", is.socket],
      ["data", is.dataDir],
      ["logs", is.logDir],
    ],
    (text) => paint("dim", text),
  );
  return `${paint("bold", headline)}\n${table}`;
}

function counts(total: number, byStatus: Readonly<Record<string, number>>): string {
  const parts = Object.entries(byStatus)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count.toLocaleString("en")} ${statusWords(name as "active")}`);
  return parts.length === 0 ? "none" : `${total.toLocaleString("en")}: ${parts.join(", ")}`;
}
