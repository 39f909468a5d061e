import { Database } from "node-sqlite3-wasm";

import type { Opening } from "./messages.js";
import { INDEX_VERSION, SETTINGS, TABLES } from "./schema.js";

/** The index cannot be used as it is, and has to be made anew. */
class DamagedIndexError extends Error {
  override readonly name = "DamagedIndexError";
}

/** What SQLite says where the file is wrong, and not what it was asked for. */
const DAMAGE =
  /malformed|corrupt|not a database|no such (?:table|column)|constraint failed|vtable constructor failed/i;

/** Characters of text that were indexed since the opening, up to which a close brings them to the disk. */
const SYNCED_LENGTH = 8 * 1024 * 1024;

/** Whether an error says that the index is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedIndexError || (error instanceof Error && DAMAGE.test(error.message));
}

/**
 * Opens the file of an index, or makes it. It must be nobody else's, and the lock that a killed process left beside it
 * must be gone.
 *
 * @throws {DamagedIndexError} where another version wrote it, or a power cut may have hit it
 */
export function openIndexFile({ path, bootId }: Opening): Database {
  const database = new Database(path);
  try {
    database.exec(SETTINGS);
    prepare(database, bootId);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Closes the file so that it is trusted after whatever comes. Where much was written, to wait for the disk would hold up
 * the end of the daemon: then it is trusted until the machine goes down, as after a kill.
 */
export function closeIndexFile(database: Database, writtenLength: number): void {
  try {
    if (writtenLength > SYNCED_LENGTH) return;
    // First everything, then the word that it is there: the order in which pages reach the disk is not ours.
    database.exec("PRAGMA synchronous = FULL");
    setNote(database, "boot", "");
    setNote(database, "closed", "yes");
  } finally {
    database.close();
  }
}

/** Runs `work` in one transaction: all of it happens, or nothing. */
export function inTransaction<T>(database: Database, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk may have ended it already.
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function prepare(database: Database, bootId: string | undefined): void {
  const version = database.get("PRAGMA user_version")?.["user_version"];
  if (version === 0) inTransaction(database, () => database.exec(TABLES));
  else if (version !== INDEX_VERSION)
    throw new DamagedIndexError(`The index is of version ${version as number}, not ${INDEX_VERSION}.`);
  else if (note(database, "closed") !== "yes" && (bootId === undefined || note(database, "boot") !== bootId))
    throw new DamagedIndexError("The machine went down while the index was open.");
  inTransaction(database, () => {
    setNote(database, "closed", "no");
    setNote(database, "boot", bootId ?? "");
  });
}

function note(database: Database, key: string): unknown {
  return database.get("SELECT value FROM note WHERE key = ?", key)?.["value"];
}

function setNote(database: Database, key: string, value: string): void {
  database.run("INSERT OR REPLACE INTO note VALUES (?, ?)", [key, value]);
}
