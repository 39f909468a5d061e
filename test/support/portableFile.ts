import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

import type { Peer } from "./peer.js";

/** One line of a file that has everything of a session. */
export type Line = Record<string, unknown>;

/** What is in a file that is not compressed. */
export async function linesOf(path: string): Promise<Line[]> {
  const text = await readFile(path, "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** Writes a file of these lines, with the counts and the checksum that they have; the last line is not among them. */
export async function writeLines(path: string, lines: readonly Line[]): Promise<string> {
  const body = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const counts: Record<string, number> = {};
  for (const { line } of lines.slice(2)) counts[String(line)] = (counts[String(line)] ?? 0) + 1;
  const sha256 = createHash("sha256").update(body).digest("hex");
  await writeFile(path, `${body}${JSON.stringify({ line: "end", lines: counts, damaged: {}, sha256 })}\n`);
  return path;
}

/** Writes everything of a session into a new file, and answers its path. */
export async function exported(peer: Peer, sessionId: string, path: string): Promise<string> {
  const { damaged } = await peer.call("session/export", { sessionId, path });
  if (damaged > 0) throw new Error(`${damaged} items of ${sessionId} could not be read`);
  return path;
}

/** Runs a shell script in a session to its end. */
export async function ran(
  peer: Peer,
  sessionId: string,
  script: string,
  commandId?: string,
): Promise<string> {
  const argv = ["/bin/sh", "-c", script];
  const named = commandId === undefined ? {} : { commandId };
  const started = await peer.call("command/start", { sessionId, argv, ...named });
  await peer.call("command/wait", { commandId: started.commandId });
  return started.commandId;
}

/** The first piece of what a command wrote to its standard output. */
export async function outputOf(peer: Peer, commandId: string): Promise<string> {
  return (await peer.call("command/output", { commandId, stream: "stdout", encoding: "utf8" })).output;
}
