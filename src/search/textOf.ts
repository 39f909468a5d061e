/** Fields of a block that hold what somebody said, by the type of the block. What is not text has none. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  text: ["text"],
  input_text: ["text"],
  output_text: ["text"],
  refusal: ["refusal"],
  thinking: ["thinking"],
  reasoning: ["summary", "text"],
  summary_text: ["text"],
  tool_use: ["name", "input"],
  server_tool_use: ["name", "input"],
  function_call: ["name", "arguments"],
  tool_result: ["content"],
  function_call_output: ["output"],
  search_result: ["title", "content"],
  document: ["title", "context", "source"],
  image: [],
  input_image: [],
  image_url: [],
  audio: [],
  input_audio: [],
  redacted_thinking: [],
};

/** The text in the source of a document; its other kinds are bytes and addresses. */
const SOURCES: Readonly<Record<string, readonly string[]>> = { text: ["data"], content: ["content"] };

/** Letters and digits without an end are bytes in disguise, which nobody looks for and which would fill the index. */
const BYTES = /^[\w+/=-]{512}/;

/** What the index marks a hit with: nothing that is indexed has these characters. */
export const MARKS = { begin: "\u0002", end: "\u0003" } as const;

/**
 * The text of a message's content: of a string itself, of blocks what is said in them. A block of a kind that is not
 * known is looked through for all the text that it has.
 */
export function textOfContent(content: unknown): string {
  return textOf(Array.isArray(content) ? content.map((block: unknown) => partsOf(block)) : content);
}

/** All text in a value, at whatever depth, one line each. The values of an object count, not its keys. */
export function textOf(value: unknown): string {
  const found: string[] = [];
  collect(value, found);
  const text = found.join("\n");
  // SQLite reads no further than a NUL.
  return ["\0", MARKS.begin, MARKS.end].reduce((clean, mark) => clean.replaceAll(mark, " "), text);
}

function collect(value: unknown, found: string[]): void {
  if (typeof value === "string") {
    if (value !== "" && !BYTES.test(value)) found.push(value);
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) collect(item, found);
  }
}

/** What of a block is text, blocks within it included. */
function partsOf(block: unknown): unknown {
  if (typeof block !== "object" || block === null || Array.isArray(block)) return block;
  const fields = block as Readonly<Record<string, unknown>>;
  const names = own(FIELDS, fields["type"]);
  if (names === undefined) return { ...fields, type: undefined };
  return names.map((name) => {
    const value = fields[name];
    if (name === "source") return sourceOf(value);
    return Array.isArray(value) ? value.map((inner: unknown) => partsOf(inner)) : value;
  });
}

function sourceOf(source: unknown): unknown {
  if (typeof source !== "object" || source === null) return undefined;
  const fields = source as Readonly<Record<string, unknown>>;
  return own(SOURCES, fields["type"])?.map((name) => textOfContent(fields[name]));
}

function own<T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined {
  return typeof key === "string" && Object.hasOwn(table, key) ? table[key] : undefined;
}
