export { JournalDamagedError, JournalUnavailableError, OtherFormatError, ReplayGapError } from "./errors.js";
export { openJournal } from "./journal.js";
export { openMemoryJournal } from "./memory.js";
export { writeStateCopy } from "./stateCopy.js";
export type { Journal, JournalHealth, JournalOptions, RecordBody, Settle, StoredRecord } from "./types.js";
