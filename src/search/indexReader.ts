import type { Database } from "node-sqlite3-wasm";

import type { Hit, SearchQuery } from "./messages.js";
import { MARKS } from "./textOf.js";

/** Words of a snippet, about. */
const SNIPPET_WORDS = 24;

const COLUMNS = `
  document.id, document.session AS createdSeq, session.sessionId, document.kind, document.seq, document.at,
  document.place, document.messageId, document.role,
  snippet(words, 0, '${MARKS.begin}', '${MARKS.end}', '…', ${SNIPPET_WORDS}) AS snippet`;

/** Not what a restored checkpoint took back. */
const IS_SEEN = `(
  session.hidden = '[]' OR document.kind <> 'message' OR NOT EXISTS (
    SELECT 1 FROM json_each(session.hidden) AS run
    WHERE document.place BETWEEN run.value ->> 0 AND run.value ->> 1))`;

type Values = (string | number)[];

/** Answers what matches, up to the limit. */
export function searchIndex(database: Database, query: SearchQuery): Hit[] {
  const { match, order, limit, skip = 0 } = query;
  const conditions = ["words MATCH ?", IS_SEEN];
  const values: Values = [match];
  for (const [sql, of] of filters(query)) {
    conditions.push(sql);
    values.push(...of);
  }
  // FTS5 itself sorts by rank, or goes backward; everything else is looked at until there are enough.
  const [rank, by] = order === "rank" ? ["words.rank", "words.rank"] : ["NULL", "words.rowid DESC"];
  const sql = `
    SELECT ${COLUMNS}, ${rank} AS rank
    FROM words CROSS JOIN document ON document.id = words.rowid
    CROSS JOIN session ON session.createdSeq = document.session
    WHERE ${conditions.join(" AND ")} ORDER BY ${by} LIMIT ? OFFSET ?`;
  return database.all(sql, [...values, limit, skip]) as unknown as Hit[];
}

function* filters(query: SearchQuery): Generator<readonly [sql: string, values: Values]> {
  const { kinds, sessions, userId, tags, role, since, until, before } = query;
  yield [`document.kind IN (${kinds.map(() => "?").join(", ")})`, [...kinds]];
  if (sessions !== undefined)
    yield ["document.session IN (SELECT value FROM json_each(?))", [JSON.stringify(sessions)]];
  if (userId !== undefined) yield ["session.userId = ?", [userId]];
  for (const tag of tags ?? [])
    yield ["EXISTS (SELECT 1 FROM json_each(session.tags) AS tag WHERE tag.value = ?)", [tag]];
  if (role !== undefined) yield ["document.role = ?", [role]];
  if (since !== undefined) yield ["document.at >= ?", [since]];
  if (until !== undefined) yield ["document.at < ?", [until]];
  if (before !== undefined) yield ["words.rowid < ?", [before]];
}
