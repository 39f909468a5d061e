/** Counts up with every change of the tables, of the tokenizer, or of what is taken for text: then all is made anew. */
export const INDEX_VERSION = 2;

/**
 * How a session, and each thing in it, is found: `id` orders them by their age. The text itself is in `words`, which knows
 * what begins with which two letters: to put the thousands of words together that a short prefix stands for takes a
 * second. It is an eighth of the index; three letters would be another fifth, and spare next to nothing.
 */
export const TABLES = `
  CREATE TABLE note (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
  CREATE TABLE session (
    createdSeq INTEGER PRIMARY KEY, sessionId TEXT, userId TEXT, tags TEXT, hidden TEXT, text TEXT,
    messages INTEGER DEFAULT 0, activities INTEGER DEFAULT 0, lastMessage INTEGER, lastActivity INTEGER
  );
  CREATE TABLE document (
    id INTEGER PRIMARY KEY, session INTEGER, kind TEXT, seq INTEGER, at INTEGER, place INTEGER, messageId TEXT, role TEXT
  );
  CREATE INDEX documentOfSession ON document (session);
  CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2', prefix = '2');
  PRAGMA user_version = ${INDEX_VERSION};
`;

/**
 * How the file is written. Nothing is synced: the index can be made again, and its syncs would hold up those of the
 * journal. What a kill interrupts is rolled back, and after a power cut the file is not trusted. One process has it.
 */
export const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = TRUNCATE;
  PRAGMA synchronous = OFF;
  PRAGMA cache_size = -8000;
`;
