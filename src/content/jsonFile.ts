import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

import { NotReadableAsFileError, readWholeFile } from "../disk/readWhole.js";
import { hasCode } from "../disk/operations.js";

/** A file of JSON as it was found. `fault` says what is wrong with it, for people. */
export type ReadJson =
  { readonly value: unknown } | { readonly fault: string } | { readonly isMissing: true };

const compress = promisify(gzip);
const expand = promisify(gunzip);

/**
 * Reads a file that holds one JSON value; one whose name ends in `.gz` is decompressed, to no more than `maxBytes`.
 *
 * @throws what the system says where the file cannot be read at all
 */
export async function readJsonFile(path: string, maxBytes: number): Promise<ReadJson> {
  let bytes: Buffer;
  try {
    bytes = await readWholeFile(path, maxBytes);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return { isMissing: true };
    // Somebody put a link there after the look.
    if (hasCode(error, "ELOOP")) return { fault: "it is a symbolic link" };
    if (error instanceof NotReadableAsFileError) return { fault: error.message };
    throw error;
  }
  if (path.endsWith(".gz")) {
    try {
      bytes = await expand(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      return { fault: `it cannot be decompressed: ${messageOf(error)}` };
    }
  }
  return parse(bytes);
}

/** Compresses a text as `readJsonFile` takes it. */
export function gzipText(text: string): Promise<Buffer> {
  return compress(text);
}

function parse(bytes: Buffer): ReadJson {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { fault: "it is not UTF-8" };
  }
  if (text.trim() === "") return { fault: "it is empty" };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    const line = lineOf(messageOf(error), text);
    return { fault: line === undefined ? "it is not JSON" : `line ${line}: it is not JSON` };
  }
}

/**
 * The line in which the parser stopped, where its message tells. Nothing else is taken from the message: it quotes the
 * text, which belongs in no log.
 */
function lineOf(message: string, text: string): number | undefined {
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return text.slice(0, Number(position)).split("\n").length;
  return /end of JSON/.test(message) ? text.trimEnd().split("\n").length : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
