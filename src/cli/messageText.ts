import type { Result } from "../../client/index.js";

type Item = Result<"message/list">["items"][number];
type Content = Extract<Item, { content: unknown }>["content"];

/** What of a block names it. */
const NAMES = ["name", "tool_use_id", "id"];
/** What of a block is said in words, in the order in which it is looked for. */
const WORDS = ["text", "thinking", "content", "input", "output"];

/** What a message says, in words: of a block what it says, with its type before it where that is not just text. */
export function messageText(content: Content): string {
  return typeof content === "string" ? content : content.map((block) => blockText(block)).join("\n");
}

function blockText(block: Readonly<Record<string, unknown>>): string {
  const { type } = block;
  if (type === "text" && typeof block["text"] === "string") return block["text"];
  const name = NAMES.map((key) => block[key]).find((value) => typeof value === "string");
  const title = [type, name].filter((part) => typeof part === "string").join(" ");
  const said = WORDS.map((key) => block[key]).find((value) => value !== undefined);
  // What is not known is shown as it is, rather than not at all.
  return `[${title === "" ? "block" : title}] ${words(said ?? block)}`;
}

function words(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return JSON.stringify(value);
  const isBlocks = value.every((item) => typeof item === "object" && item !== null && !Array.isArray(item));
  return isBlocks ? messageText(value as Exclude<Content, string>) : JSON.stringify(value);
}
