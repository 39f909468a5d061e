import { resolve } from "node:path";

import type { Client, Params, Result } from "../../../client/index.js";
import { CliError } from "../cliError.js";
import type { Context } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { duration } from "../humane.js";
import { metricValue } from "../metricValue.js";
import { findSession } from "../sessionRef.js";
import { table } from "../table.js";

type Rule = Result<"alert/rules">["items"][number];
type SetParams = Params<"alert/setRule">;
type Target = NonNullable<SetParams["deliver"]>[number];

/** What a rule is set by. */
export interface RuleOptions {
  readonly metric?: string;
  readonly above?: number;
  readonly below?: number;
  readonly resolve?: number;
  readonly for?: number;
  readonly session?: string;
  readonly tag?: readonly string[];
  readonly severity?: Rule["severity"];
  readonly webhook?: readonly string[];
  readonly name?: string;
  readonly on?: boolean;
  readonly off?: boolean;
}

/** Lists the rules by their ids. */
export async function listRules(context: Context): Promise<number> {
  const items = await context.withClient(async (client) => {
    const all: Rule[] = [];
    for await (const rule of client.pages("alert/rules")) all.push(rule);
    return all;
  });
  await context.print({ items, total: items.length }, () => inWords(context, items));
  return EXIT.ok;
}

/** Makes a rule, or changes one. */
export async function setRule(
  context: Context,
  options: RuleOptions,
  [ruleId = "", ...program]: readonly string[],
): Promise<number> {
  if (ruleId === "") throw usage("name the rule that is to be set");
  if (options.above !== undefined && options.below !== undefined)
    throw usage("a rule has --above or --below, and not both");
  if (options.on === true && options.off === true) throw usage("a rule is --on or --off, and not both");
  const rule = await context.withClient(async (client) =>
    client.alert.setRule({
      ruleId,
      ...fieldsOf(options),
      ...(await scopeOf(client, options)),
      ...targetsOf(options, program),
    }),
  );
  await context.print(
    rule,
    () => `${rule.ruleId}: ${conditionOf(rule)}${rule.enabled ? "" : ", turned off"}\n`,
  );
  return EXIT.ok;
}

/** Deletes a rule. */
export async function deleteRule(context: Context, [ruleId = ""]: readonly string[]): Promise<number> {
  if (ruleId === "") throw usage("name the rule that is to be deleted");
  const deleted = await context.withClient((client) => client.alert.deleteRule({ ruleId }));
  await context.print(deleted, () => `${ruleId} is no longer set\n`);
  return EXIT.ok;
}

function fieldsOf({
  metric,
  above,
  below,
  resolve,
  for: forMs,
  severity,
  name,
  on,
  off,
}: RuleOptions): object {
  const threshold = above ?? below;
  return {
    ...(metric === undefined ? {} : { metric }),
    ...(threshold === undefined ? {} : { threshold, comparison: above === undefined ? "below" : "above" }),
    ...(resolve === undefined ? {} : { resolveThreshold: resolve }),
    ...(forMs === undefined ? {} : { forMs }),
    ...(severity === undefined ? {} : { severity }),
    ...(name === undefined ? {} : { name }),
    ...(on === true ? { enabled: true } : {}),
    ...(off === true ? { enabled: false } : {}),
  };
}

async function scopeOf(client: Client, { session, tag }: RuleOptions): Promise<Pick<SetParams, "scope">> {
  if (session === undefined && tag === undefined) return {};
  const sessionId = session === undefined ? undefined : (await findSession(client, session)).sessionId;
  return {
    scope: {
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(tag === undefined ? {} : { tags: [...tag] }),
    },
  };
}

function targetsOf({ webhook = [] }: RuleOptions, program: readonly string[]): Pick<SetParams, "deliver"> {
  const deliver: Target[] = webhook.map((url) => ({ kind: "webhook", url }));
  const [file = "", ...args] = program;
  // The daemon runs it somewhere else.
  const argv = [file.includes("/") ? resolve(file) : file, ...args];
  if (file !== "") deliver.push({ kind: "command", argv });
  return deliver.length === 0 ? {} : { deliver };
}

function inWords({ paint, width }: Context, items: readonly Rule[]): string {
  const dim = (text: string): string => paint("dim", text);
  return table(
    items,
    [
      { title: "RULE", cell: ({ ruleId }) => ruleId, shrinkTo: 12 },
      {
        title: "ON",
        cell: ({ enabled }) => (enabled ? "on" : "off"),
        style: (text, { enabled }) => paint(enabled ? "green" : "dim", text),
      },
      { title: "SEVERITY", cell: ({ severity }) => severity },
      { title: "FIRES WHEN", cell: conditionOf, shrinkTo: 20 },
      { title: "ABOUT", cell: aboutOf, style: dim, shrinkTo: 7 },
      {
        title: "TELLS",
        cell: ({ deliver }) => deliver.map(targetOf).join(", ") || "-",
        style: dim,
        shrinkTo: 6,
      },
    ],
    { width, title: (text) => paint("bold", text) },
  );
}

function conditionOf({ metric, comparison, threshold, forMs }: Rule): string {
  const held = forMs === 0 ? "" : ` for ${duration(forMs)}`;
  return `${metric} ${comparison} ${metricValue(metric, threshold)}${held}`;
}

function aboutOf({ metric, scope: { sessionId, tags = [] } }: Rule): string {
  if (!metric.startsWith("session.")) return "-";
  if (sessionId !== undefined) return sessionId;
  return tags.length === 0 ? "all sessions" : tags.map((tag) => `#${tag}`).join(" ");
}

function targetOf(target: Rule["deliver"][number]): string {
  return target.kind === "command" ? (target.argv[0] ?? "") : new URL(target.url).host;
}

function usage(message: string): CliError {
  return new CliError(message, { type: "usage", exitCode: EXIT.usage, hint: "see: sessiond help alerts" });
}
