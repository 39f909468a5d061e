import type { Result } from "../../../client/index.js";
import type { Context, Verb } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes, counted } from "../humane.js";
import { shortIds } from "../sessionRef.js";
import { table } from "../table.js";

interface CleanupOptions {
  readonly archiveAfter?: number;
  readonly deleteAfter?: number;
  readonly trashAfter?: number;
  readonly dryRun?: boolean;
}

type Run = Result<"retention/run">;
type Action = Run["sessions"][number]["action"];

/** Has retention done now; what is not given comes from the daemon's settings. */
export const cleanup: Verb<CleanupOptions> = async (
  context,
  { archiveAfter, deleteAfter, trashAfter, dryRun = false },
) => {
  const result = await context.withClient((client) =>
    client.retention.run({
      ...(archiveAfter === undefined ? {} : { archiveAfterMs: archiveAfter }),
      ...(deleteAfter === undefined ? {} : { deleteAfterMs: deleteAfter }),
      ...(trashAfter === undefined ? {} : { trashAfterMs: trashAfter }),
      dryRun,
    }),
  );
  await context.print(result, () => words(context, result));
  return EXIT.ok;
};

const DONE: Readonly<Record<Action, string>> = {
  archive: "archived",
  trash: "put into the trash",
  delete: "deleted",
};

function words({ paint, width }: Context, { sessions, dryRun, ...counts }: Run): string {
  const { archivedCount, trashedCount, deletedCount, totalBytes, deletedBytes } = counts;
  const count = archivedCount + trashedCount + deletedCount;
  if (count === 0) return "Nothing is due.\n";
  const short = Number.isFinite(width)
    ? shortIds(sessions.map(({ sessionId }) => sessionId))
    : (id: string) => id;
  const rows = table(
    sessions,
    [
      { title: "SESSION", cell: ({ sessionId }) => short(sessionId), shrinkTo: 13 },
      { title: dryRun ? "WOULD BE" : "WAS", cell: ({ action }) => DONE[action] },
      { title: "SIZE", cell: ({ sizeBytes }) => bytes(sizeBytes), align: "right" },
      {
        title: "BY",
        cell: ({ reason }) => reason,
        style: (text) => paint("dim", text),
        shrinkTo: 12,
      },
    ],
    { width, title: (text) => paint("bold", text) },
  );
  const more = count - sessions.length;
  const rest = more === 0 ? "" : `and ${counted(more, "more session")}\n`;
  const freed = deletedCount === 0 ? "" : `, ${bytes(deletedBytes)} of them deleted`;
  return `${rows}${rest}${counted(count, "session")} with ${bytes(totalBytes)}${freed}\n`;
}
