import type { Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { firstItems } from "../firstItems.js";
import { ago, counted } from "../humane.js";
import { table } from "../table.js";

type Found = Result<"chain/list">;

const DEFAULT_LIMIT = 20;

/** Lists the agents that have a chain, the one that went on last first. */
export const chains: Verb<{ readonly limit?: number }> = async (context, { limit = DEFAULT_LIMIT }) => {
  const found = await context.withClient((client) => firstItems(limit, (page) => client.chain.list(page)));
  await context.print(found, () => inWords(context, found));
  return EXIT.ok;
};

function inWords({ paint, width }: Context, { items, total }: Found): string {
  if (items.length === 0) return "No agent has a chain.\n";
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const rows = table(
    items,
    [
      { title: "AGENT", cell: ({ agentId }) => agentId, shrinkTo: 12 },
      { title: "CURRENT", cell: ({ currentSessionId }) => currentSessionId, style: dim, shrinkTo: 13 },
      { title: "TURNS", cell: ({ interactions }) => String(interactions), align: "right" },
      { title: "KEPT", cell: ({ entries }) => String(entries), align: "right" },
      { title: "FIRST", cell: ({ firstAt }) => ago(firstAt, now), style: dim },
      { title: "LAST", cell: ({ lastAt }) => ago(lastAt, now), style: dim },
    ],
    { width, title: (text) => paint("bold", text) },
  );
  if (items.length >= total || !Number.isFinite(width)) return rows;
  return `${rows}${dim(`${counted(items.length, "agent")} of ${total.toLocaleString("en")}; --limit shows more`)}\n`;
}
