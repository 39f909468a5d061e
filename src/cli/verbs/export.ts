import { resolve } from "node:path";

import type { Result } from "../../../client/index.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes, counted } from "../humane.js";
import { withProgress } from "../progress.js";
import { findSession } from "../sessionRef.js";

interface ExportOptions {
  readonly secrets?: boolean;
}

/** Writes one session into a new file; fails where not everything of it could be read. */
export const exportSession: Verb<ExportOptions> = async (
  context,
  { secrets = false },
  [given = "", file],
) => {
  const { result, messages } = await context.withClient(async (client) => {
    const { sessionId, messages } = await findSession(client, given);
    // The daemon may have been started anywhere: the file is meant as seen from here.
    const path = resolve(file ?? `session_${sessionId}.json`);
    const result = await withProgress(
      context,
      client,
      (one) => one.kind === "export" && one.path === path,
      () => client.session.export({ sessionId, path, includeSecrets: secrets }),
    );
    return { result, messages };
  });
  await context.print(result, () => words(result, messages));
  return result.damaged === 0 ? EXIT.ok : EXIT.failure;
};

function words(result: Result<"session/export">, messagesThere: number): string {
  const { path, sizeBytes, activities, messages, damaged } = result;
  const what = [counted(activities, "activity", "activities"), bytes(sizeBytes)];
  if (messages > 0) what.splice(1, 0, counted(messages, "message"));
  const lines = [`exported to ${path}: ${what.join(", ")}`];
  if (damaged > 0) lines.push(`${counted(damaged, "damaged item")} could not be read.`);
  if (messages === 0 && messagesThere > 0) {
    const left = `${counted(messagesThere, "message")} of its conversation ${messagesThere === 1 ? "is" : "are"}`;
    lines.push(`${left} not in it: name a file that ends in .jsonl or .jsonl.gz to have everything.`);
  }
  return lines.map((line) => `${line}\n`).join("");
}
