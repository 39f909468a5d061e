import type { Client, Result } from "../../../client/index.js";
import { alertOf } from "../alertRef.js";
import { CliError } from "../cliError.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { firstItems } from "../firstItems.js";
import { ago, counted } from "../humane.js";
import { metricValue } from "../metricValue.js";
import type { Style } from "../paint.js";
import { shortIds } from "../sessionRef.js";
import { table } from "../table.js";
import type { RuleOptions } from "./alertRules.js";

type Found = Result<"alert/list">;
type Alert = Found["items"][number];

/** The options of all tasks. */
export interface AlertsOptions extends RuleOptions {
  readonly limit?: number;
  readonly open?: boolean;
  readonly by?: string;
  readonly note?: string;
}

const DEFAULT_LIMIT = 20;

/** Lists alerts, or does one of the tasks with them and their rules. */
export const alerts: Verb<AlertsOptions> = async (context, options, [task, ...rest]) => {
  switch (task) {
    case undefined:
      return list(context, options);
    case "ack":
      return acknowledge(context, options, rest);
    case "rules":
      return (await import("./alertRules.js")).listRules(context);
    case "set":
      return (await import("./alertRules.js")).setRule(context, options, rest);
    case "delete":
      return (await import("./alertRules.js")).deleteRule(context, rest);
    default:
      throw new CliError(`there is no '${task}' for alerts: it is ack, rules, set or delete`, {
        type: "usage",
        exitCode: EXIT.usage,
        hint: "see: sessiond help alerts",
      });
  }
};

async function list(
  context: Context,
  { limit = DEFAULT_LIMIT, open = false }: AlertsOptions,
): Promise<number> {
  const found = await context.withClient((client) => openFirst(client, limit, open));
  await context.print(found, () => inWords(context, found));
  return EXIT.ok;
}

/** Those that are open, the newest first, and then the others in the same order. */
async function openFirst(client: Client, limit: number, isOpenOnly: boolean): Promise<Found> {
  const opened = await firstItems(limit, (page) => client.alert.list({ status: "open", ...page }));
  if (isOpenOnly) return { items: opened.items, total: opened.total };
  const left = limit - opened.items.length;
  const past = await firstItems(Math.max(1, left), (page) =>
    client.alert.list({ status: "resolved", ...page }),
  );
  return { items: [...opened.items, ...past.items.slice(0, left)], total: opened.total + past.total };
}

async function acknowledge(
  context: Context,
  { by, note }: AlertsOptions,
  [given = ""]: readonly string[],
): Promise<number> {
  const acknowledged = await context.withClient(async (client) => {
    const { alertId } = await alertOf(client, given);
    return client.alert.acknowledge({
      alertId,
      ...(by === undefined ? {} : { by }),
      ...(note === undefined ? {} : { note }),
    });
  });
  await context.print(acknowledged, () => `acknowledged: ${acknowledged.message}\n`);
  return EXIT.ok;
}

function inWords({ paint, width }: Context, { items, total }: Found): string {
  if (items.length === 0) return "There are no alerts. `sessiond alerts rules` shows what is watched.\n";
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const isCut = Number.isFinite(width);
  const brief = (ids: readonly string[]): ((id: string) => string) => (isCut ? shortIds(ids) : (id) => id);
  const short = brief(items.map(({ alertId }) => alertId));
  const shortSession = brief(items.flatMap(({ sessionId }) => sessionId ?? []));
  const rows = table(
    items,
    [
      { title: "ALERT", cell: ({ alertId }) => short(alertId), style: dim, shrinkTo: 13 },
      { title: "STATE", cell: stateOf, style: (text, alert) => paint(styleOf(alert), text) },
      { title: "SEVERITY", cell: ({ severity }) => severity },
      { title: "RULE", cell: ({ ruleId }) => ruleId, shrinkTo: 10 },
      { title: "VALUE", cell: ({ metric, value }) => metricValue(metric, value), align: "right" },
      { title: "SESSION", cell: ({ sessionId = "-" }) => shortSession(sessionId), style: dim, shrinkTo: 8 },
      { title: "SINCE", cell: ({ firedAt }) => ago(firedAt, now), style: dim },
    ],
    { width, title: (text) => paint("bold", text) },
  );
  if (items.length >= total || !isCut) return rows;
  return `${rows}${dim(`${counted(items.length, "alert")} of ${total.toLocaleString("en")}; --limit shows more`)}\n`;
}

function stateOf({ status, acknowledgedAt }: Alert): string {
  return status === "open" && acknowledgedAt !== undefined ? "taken" : status;
}

function styleOf({ status, acknowledgedAt, severity }: Alert): Style {
  if (status === "resolved") return "dim";
  return acknowledgedAt !== undefined || severity === "info" ? "yellow" : "red";
}
