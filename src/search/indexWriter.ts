import type { Database, Statement } from "node-sqlite3-wasm";

import { inTransaction } from "./indexFile.js";
import type { Batch, HitKind, IndexedDocument, SessionRow, SessionState } from "./messages.js";

/** Room between the ids of two events: a session that is copied brings bodies that have no event of their own. */
const ID_ROOM = 1024;
/** So many documents are removed in one step; searches come in between. */
const REMOVED_AT_ONCE = 500;

/** What is in the table of sessions. */
interface StoredSession {
  readonly userId: string | null;
  readonly tags: string;
  readonly hidden: string;
  readonly text: string;
  readonly messages: number;
  readonly activities: number;
  readonly lastMessage: number | null;
  readonly lastActivity: number | null;
}

/** Brings things into the index, and takes them out of it. All of it is repeatable. */
export class IndexWriter {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  #writtenLength = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Characters of text that were indexed. */
  get writtenLength(): number {
    return this.#writtenLength;
  }

  /** Makes sessions known as they are now, and says how far the index is with their bodies. */
  describe(rows: readonly SessionRow[]): SessionState[] {
    return inTransaction(this.#database, () => rows.map((row) => this.#describe(row)));
  }

  /** Adds bodies. What is there already is left out, so a batch may come again. */
  add({ documents, settled }: Batch): void {
    // By age: FTS5 writes a piece of its own each time that the ids go back.
    const sorted = documents.toSorted((a, b) => a.seq - b.seq);
    inTransaction(this.#database, () => {
      for (const document of sorted) this.#addBody(document);
      for (const { createdSeq, counts } of settled)
        this.#run("UPDATE session SET messages = ?, activities = ? WHERE createdSeq = ?", [
          counts.message,
          counts.activity,
          createdSeq,
        ]);
    });
  }

  /** Removes a slice of what the index has of these sessions; false while something is left. */
  remove(sessions: readonly number[]): boolean {
    return inTransaction(this.#database, () => {
      let left = REMOVED_AT_ONCE;
      for (const createdSeq of sessions) {
        const sql = "SELECT id FROM document WHERE session = ? LIMIT ?";
        const ids = this.#statement(sql).all([createdSeq, left]) as unknown as { readonly id: number }[];
        for (const { id } of ids) this.#removeDocument(id);
        left -= ids.length;
        if (left === 0) return false;
        this.#run("DELETE FROM session WHERE createdSeq = ?", [createdSeq]);
      }
      return true;
    });
  }

  /** The sessions in the index that are not among these. */
  strangers(known: readonly number[]): number[] {
    const isKnown = new Set(known);
    const rows = this.#statement("SELECT createdSeq FROM session").all();
    return rows.map((row) => Number(row["createdSeq"])).filter((createdSeq) => !isKnown.has(createdSeq));
  }

  /** To be called before the database is closed. */
  close(): void {
    for (const statement of this.#statements.values()) statement.finalize();
  }

  #describe(row: SessionRow): SessionState {
    const { createdSeq, sessionId, userId = null, text } = row;
    const tags = JSON.stringify(row.tags);
    const hidden = JSON.stringify(row.hidden);
    const stored = this.#statement("SELECT * FROM session WHERE createdSeq = ?").get([
      createdSeq,
    ]) as StoredSession | null;
    if (stored === null)
      this.#run(
        "INSERT INTO session (createdSeq, sessionId, userId, tags, hidden, text) VALUES (?, ?, ?, ?, ?, ?)",
        [createdSeq, sessionId, userId, tags, hidden, text],
      );
    else if (
      stored.userId !== userId ||
      stored.tags !== tags ||
      stored.hidden !== hidden ||
      stored.text !== text
    )
      this.#run("UPDATE session SET userId = ?, tags = ?, hidden = ?, text = ? WHERE createdSeq = ?", [
        userId,
        tags,
        hidden,
        text,
        createdSeq,
      ]);
    if (stored?.text !== text) this.#replaceSessionDocument(row);
    return {
      createdSeq,
      counts: { message: stored?.messages ?? 0, activity: stored?.activities ?? 0 },
      last: { message: stored?.lastMessage ?? null, activity: stored?.lastActivity ?? null },
    };
  }

  #replaceSessionDocument({ createdSeq, createdAt, text }: SessionRow): void {
    const sql = "SELECT id FROM document WHERE session = ? AND kind = 'session'";
    const old = this.#statement(sql).get([createdSeq]);
    if (old !== null) this.#removeDocument(Number(old["id"]));
    this.#insert({ createdSeq, kind: "session", seq: createdSeq, at: createdAt, text });
  }

  #addBody(document: IndexedDocument): void {
    const { createdSeq, kind, seq } = document;
    const last = kind === "message" ? "lastMessage" : "lastActivity";
    const sql = `UPDATE session SET ${last} = ?1 WHERE createdSeq = ?2 AND coalesce(${last} < ?1, TRUE)`;
    // A session that is not there was removed meanwhile.
    if (this.#run(sql, [seq, createdSeq]) > 0) this.#insert(document);
  }

  #insert(document: Omit<IndexedDocument, "kind"> & { readonly kind: HitKind }): void {
    const { createdSeq, kind, seq, at, place = null, messageId = null, role = null, text } = document;
    // Bodies that came with their session have seqs before all others; they are as old as the session.
    const id = this.#freeId(Math.max(seq, createdSeq));
    this.#run("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [
      id,
      createdSeq,
      kind,
      seq,
      at,
      place,
      messageId,
      role,
    ]);
    this.#run("INSERT INTO words (rowid, text) VALUES (?, ?)", [id, text]);
    this.#writtenLength += text.length;
  }

  #freeId(seq: number): number {
    const statement = this.#statement("SELECT max(id) AS id FROM document WHERE id BETWEEN ? AND ?");
    for (let first = seq * ID_ROOM; ; first += ID_ROOM) {
      const last = statement.get([first, first + ID_ROOM - 1])?.["id"] ?? null;
      if (last === null) return first;
      if (Number(last) < first + ID_ROOM - 1) return Number(last) + 1;
    }
  }

  #removeDocument(id: number): void {
    this.#run("DELETE FROM words WHERE rowid = ?", [id]);
    this.#run("DELETE FROM document WHERE id = ?", [id]);
  }

  #run(sql: string, values: (string | number | null)[]): number {
    return this.#statement(sql).run(values).changes;
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}
