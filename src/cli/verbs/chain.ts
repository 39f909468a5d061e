import type { Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { firstItems } from "../firstItems.js";
import { ago, counted } from "../humane.js";
import { table } from "../table.js";

type Found = Result<"chain/get">;

const DEFAULT_LIMIT = 20;

/** Shows the chain of an agent, newest first: its current session is that of the first line. */
export const chain: Verb<{ readonly limit?: number }> = async (
  context,
  { limit = DEFAULT_LIMIT },
  [agentId = ""],
) => {
  const found = await context.withClient((client) =>
    firstItems(limit, (page) => client.chain.get({ agentId, order: "newest", ...page })),
  );
  await context.print(found, () => inWords(context, found));
  return EXIT.ok;
};

function inWords({ paint, width }: Context, { items, total }: Found): string {
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const rows = table(
    items,
    [
      { title: "#", cell: ({ index }) => String(index), style: dim, align: "right" },
      { title: "SESSION", cell: ({ sessionId }) => sessionId, shrinkTo: 13 },
      { title: "AT", cell: ({ at }) => ago(at, now), style: dim },
      { title: "PROMPT", cell: ({ prompt }) => prompt, shrinkTo: 12 },
      { title: "RESPONSE", cell: ({ response = "" }) => response, style: dim, shrinkTo: 12 },
    ],
    { width, title: (text) => paint("bold", text) },
  );
  if (items.length >= total || !Number.isFinite(width)) return rows;
  return `${rows}${dim(`${counted(items.length, "turn")} of ${total.toLocaleString("en")}; --limit shows more`)}\n`;
}
