import type { Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { ago } from "../humane.js";
import { table } from "../table.js";

type Template = Result<"template/get">;

/** Lists the templates by their ids. */
export const templates: Verb<object> = async (context) => {
  const items = await context.withClient(async (client) => {
    const all: Template[] = [];
    for await (const template of client.pages("template/list")) all.push(template);
    return all;
  });
  await context.print({ items, total: items.length }, () => inWords(context, items));
  return EXIT.ok;
};

function inWords({ paint, width }: Context, items: readonly Template[]): string {
  if (items.length === 0) return "There are no templates. `sessiond call template/save` makes one.\n";
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  return table(
    items,
    [
      { title: "TEMPLATE", cell: ({ templateId }) => templateId, shrinkTo: 12 },
      { title: "SAVED", cell: ({ updatedAt }) => ago(updatedAt, now), style: dim },
      { title: "SETS", cell: ({ defaults }) => Object.keys(defaults).join(", "), shrinkTo: 12 },
      { title: "DESCRIPTION", cell: ({ description = "" }) => description, style: dim, shrinkTo: 12 },
    ],
    { width, title: (text) => paint("bold", text) },
  );
}
