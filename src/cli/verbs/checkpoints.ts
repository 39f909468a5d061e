import type { Result } from "../../../client/index.js";
import { allCheckpoints } from "../checkpointRef.js";
import type { Context, Verb } from "../context.js";
import { ago, bytes } from "../humane.js";
import { findSession, shortIds } from "../sessionRef.js";
import { paintStatus, statusWords } from "../statusWords.js";
import { table } from "../table.js";

type Found = Result<"checkpoint/list">["items"];

/** Lists the checkpoints of a session, newest first. */
export const checkpoints: Verb<object> = async (context, _, [given = ""]) => {
  const { sessionId, items } = await context.withClient(async (client) => {
    const session = await findSession(client, given);
    return { sessionId: session.sessionId, items: await allCheckpoints(client, session.sessionId) };
  });
  await context.print({ items, total: items.length }, () =>
    items.length === 0 ? nothing(sessionId) : inWords(context, items),
  );
  return 0;
};

function inWords({ paint, width }: Context, items: Found): string {
  const now = Date.now();
  const dim = (text: string): string => paint("dim", text);
  const isCut = Number.isFinite(width);
  const short = isCut ? shortIds(items.map(({ checkpointId }) => checkpointId)) : (id: string) => id;
  return table(
    items,
    [
      { title: "ID", cell: ({ checkpointId }) => short(checkpointId), shrinkTo: 13 },
      {
        title: "LABEL",
        cell: ({ label }) => label ?? "-",
        style: (text, { automatic }) => (automatic ? dim(text) : text),
        shrinkTo: 12,
      },
      {
        title: "STATUS",
        cell: ({ status }) => statusWords(status),
        style: (text, { status }) => paintStatus(paint, status, text),
      },
      { title: "MESSAGES", cell: ({ messages }) => String(messages), align: "right" },
      { title: "MADE", cell: ({ createdAt }) => ago(createdAt, now), style: dim },
      { title: "SIZE", cell: ({ sizeBytes }) => bytes(sizeBytes), style: dim, align: "right" },
    ],
    { width, title: (text) => paint("bold", text) },
  );
}

function nothing(sessionId: string): string {
  return `Session ${sessionId} has no checkpoints. Make one with: sessiond checkpoint ${sessionId}\n`;
}
