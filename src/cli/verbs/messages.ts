import type { Client, Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { firstItems } from "../firstItems.js";
import { ago, counted } from "../humane.js";
import { messageText } from "../messageText.js";
import type { Style } from "../paint.js";
import { findSession } from "../sessionRef.js";
import { cut, printable } from "../textWidth.js";
import { wrapped } from "../wrapped.js";

interface MessagesOptions {
  readonly last?: number;
  readonly full?: boolean;
}

type Item = Result<"message/list">["items"][number];

interface Found {
  /** The last ones, oldest first: as one reads them. */
  readonly items: readonly Item[];
  readonly total: number;
}

const DEFAULT_LAST = 20;
/** Lines of one message on a terminal, unless all of them are asked for. */
const LINES = 8;
const INDENT = "  ";
const STYLES: Readonly<Record<string, Style>> = { user: "cyan", assistant: "green", tool: "magenta" };

/** Prints the last messages of a session's conversation. */
export const messages: Verb<MessagesOptions> = async (context, options, [given = ""]) => {
  const { last = DEFAULT_LAST, full = false } = options;
  const found = await context.withClient(async (client) => {
    const { sessionId } = await findSession(client, given);
    return newest(client, sessionId, last);
  });
  await context.print(found, () => inWords(context, found, full));
  return 0;
};

async function newest(client: Client, sessionId: string, last: number): Promise<Found> {
  const { items, total } = await firstItems(last, (page) =>
    client.message.list({ sessionId, order: "newest", ...page }),
  );
  return { items: items.toReversed(), total };
}

function inWords(context: Context, { items, total }: Found, isFull: boolean): string {
  if (items.length === 0) return "Nothing has been said in this session.\n";
  const isCut = Number.isFinite(context.width) && !isFull;
  const now = Date.now();
  const texts = items.map((item) => `${headOf(context, item, now)}\n${bodyOf(context, item, isCut)}`);
  const rest = `${counted(items.length, "message")} of ${total.toLocaleString("en")}; --last shows more`;
  if (items.length < total && isCut) texts.push(`${context.paint("dim", rest)}\n`);
  return texts.join("\n");
}

function headOf({ paint, width }: Context, item: Item, now: number): string {
  if ("damaged" in item) return paint("red", "damaged");
  const { index, role, toolName, at } = item;
  const place = `${index} `;
  const when = `${INDENT}${ago(at, now)}`;
  const tool = toolName === undefined ? "" : ` ${printable(toolName)}`;
  const room = width - place.length - role.length - when.length;
  const style = STYLES[role];
  const who = style === undefined ? role : paint(style, role);
  return `${paint("dim", place)}${who}${cut(tool, room)}${paint("dim", when)}`;
}

/** What was said, indented; on a terminal broken into lines, of which the first ones are shown. */
function bodyOf({ paint, width }: Context, item: Item, isCut: boolean): string {
  if ("damaged" in item) return `${INDENT}${paint("dim", "its line in the session's file cannot be read")}\n`;
  const text = messageText(item.content).split("\n").map(printable).join("\n");
  let shown = "";
  let count = 0;
  for (const line of wrapped(text, width - INDENT.length)) {
    if (isCut && count === LINES) return `${shown}${INDENT}${paint("dim", "… --full shows all of it")}\n`;
    shown += line === "" ? "\n" : `${INDENT}${line}\n`;
    count += 1;
  }
  return shown;
}
