import type { Result } from "../../../client/index.js";
import type { Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { counted } from "../humane.js";

interface CleanupOptions {
  readonly archiveAfter?: number;
  readonly deleteAfter?: number;
  readonly dryRun?: boolean;
}

/** Archives and deletes old sessions now; what is not given comes from the daemon's settings. */
export const cleanup: Verb<CleanupOptions> = async (
  context,
  { archiveAfter, deleteAfter, dryRun = false },
) => {
  const result = await context.withClient((client) =>
    client.retention.run({
      ...(archiveAfter === undefined ? {} : { archiveAfterMs: archiveAfter }),
      ...(deleteAfter === undefined ? {} : { deleteAfterMs: deleteAfter }),
      dryRun,
    }),
  );
  await context.print(result, () => words(result));
  return EXIT.ok;
};

function words(result: Result<"retention/run">): string {
  const { archived, archivedCount, deleted, deletedCount, dryRun } = result;
  if (archivedCount + deletedCount === 0) return "Nothing is old enough.\n";
  return [
    ...lines(dryRun ? "would archive" : "archived", archived, archivedCount),
    ...lines(dryRun ? "would delete" : "deleted", deleted, deletedCount),
  ].join("");
}

function lines(verb: string, sessionIds: readonly string[], count: number): string[] {
  const more = count - sessionIds.length;
  const said = sessionIds.map((sessionId) => `${verb} ${sessionId}\n`);
  return more === 0 ? said : [...said, `${verb} ${counted(more, "more session")}\n`];
}
