import type { z } from "zod";

/** A file is not as it was written, or not for this version: what is wrong, and in which line. */
export class PortableFault extends Error {
  override readonly name = "PortableFault";

  /** @param line from 1 */
  constructor(line: number, what: string) {
    super(`line ${line}: ${what}`);
  }
}

/** What stands in a line. @throws {PortableFault} where it is not what the schema says */
export function parseLine<Schema extends z.ZodType>(
  schema: Schema,
  line: Buffer,
  number: number,
): z.output<Schema> {
  const result = schema.safeParse(jsonOf(line, number));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.map(String).join(".") ?? "";
  throw new PortableFault(
    number,
    `${field === "" ? "" : `${field}: `}${issue?.message ?? "it does not fit"}`,
  );
}

/** Nothing of the parser's message is passed on: it quotes the text, which belongs in no log. */
function jsonOf(line: Buffer, number: number): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(line);
  } catch {
    throw new PortableFault(number, "it is not UTF-8");
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new PortableFault(number, "it is not JSON");
  }
}
