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

/** So many of the newest that match are ranked, where nothing else narrows what is looked for. */
const RANKED = 20_000;
const KINDS = 3;

const IS_WITHOUT = "document.session NOT IN (SELECT value FROM json_each(?))";

type Values = (string | number)[];

/**
 * Answers what matches, up to the limit. A rank takes time for each thing that matches, and what nearly everything
 * matches says little about which is the best: there the newest are ranked alone, and older ones left out.
 *
 * @param ranked how many; a test takes fewer
 */
export function searchIndex(database: Database, query: SearchQuery, ranked = RANKED): Hit[] {
  const { match, order, limit, skip = 0 } = query;
  const conditions = ["words MATCH ?", IS_SEEN];
  const values: Values = [match];
  if (order === "rank" && !isNarrowed(query)) {
    conditions.push("words.rowid >= ?");
    values.push(oldestRanked(database, query, ranked));
  }
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

/** Whether what matches is looked at for more than that: then the newest may be others than those that are wanted. */
function isNarrowed({ kinds, sessions, userId, tags, role, since, until }: SearchQuery): boolean {
  const others = [sessions, userId, tags, role, since, until];
  return kinds.length < KINDS || others.some((other) => other !== undefined);
}

/** The id from which on things are ranked. What is left out does not count: else it could be all of the newest. */
function oldestRanked(database: Database, { match, without = [] }: SearchQuery, ranked: number): number {
  const isLeftOut = without.length > 0;
  const sql = `
    SELECT words.rowid AS id FROM words
    ${isLeftOut ? "CROSS JOIN document ON document.id = words.rowid" : ""}
    WHERE words MATCH ? ${isLeftOut ? `AND ${IS_WITHOUT}` : ""}
    ORDER BY words.rowid DESC LIMIT 1 OFFSET ?`;
  const values = isLeftOut ? [match, JSON.stringify(without)] : [match];
  return Number(database.get(sql, [...values, ranked - 1])?.["id"] ?? 0);
}

function* filters(query: SearchQuery): Generator<readonly [sql: string, values: Values]> {
  const { kinds, sessions, without = [], userId, tags, role, since, until, before } = query;
  yield [`document.kind IN (${kinds.map(() => "?").join(", ")})`, [...kinds]];
  if (sessions !== undefined)
    yield ["document.session IN (SELECT value FROM json_each(?))", [JSON.stringify(sessions)]];
  if (without.length > 0) yield [IS_WITHOUT, [JSON.stringify(without)]];
  if (userId !== undefined) yield ["session.userId = ?", [userId]];
  for (const tag of tags ?? [])
    yield ["EXISTS (SELECT 1 FROM json_each(session.tags) AS tag WHERE tag.value = ?)", [tag]];
  if (role !== undefined) yield ["document.role = ?", [role]];
  if (since !== undefined) yield ["document.at >= ?", [since]];
  if (until !== undefined) yield ["document.at < ?", [until]];
  if (before !== undefined) yield ["words.rowid < ?", [before]];
}
