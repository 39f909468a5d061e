export { JournalDamagedError, JournalUnavailableError, ReplayGapError } from "./errors.js";
export { openJournal } from "./journal.js";
export { openMemoryJournal, type MemoryJournalOptions } from "./memory.js";
export type {
  Journal,
  JournalCallbacks,
  JournalHealth,
  JournalOptions,
  RecordBody,
  SetAside,
  Settle,
  StoredRecord,
} from "./types.js";
