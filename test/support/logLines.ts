import { join } from "node:path";

import type { Client, Result } from "../../client/index.js";
import type { TestDaemon } from "./daemon.js";

export type LogLine = Result<"log/query">["items"][number];

/** Where a daemon of the tests keeps its logs. */
export function logDir(daemon: TestDaemon): string {
  return join(daemon.dataDir, "log");
}

/** All lines of a session's log that match, oldest first, page after page. */
export async function linesOf(client: Client, sessionId: string, params: object = {}): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of client.pages("log/query", { sessionId, order: "oldest", ...params }))
    lines.push(line);
  return lines;
}

export function messages(lines: readonly LogLine[]): string[] {
  return lines.map(({ message }) => message);
}
