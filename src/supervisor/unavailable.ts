import { type Journal, JournalUnavailableError } from "../journal/index.js";
import { RefusalError } from "../protocol/errors.js";

/** What a person can do, by what keeps the journal from writing. */
const HINTS: Readonly<Record<Journal["state"], string>> = {
  // Only a journal that is closed refuses while all is well.
  ok: "the daemon is stopping; connect again in a moment",
  full: "free space on the disk of the data folder; writes are taken again within a second",
  failed:
    "the daemon ends, because a sync failed; look after the disk, its log has the details, and start it again",
};

/** The refusal of a write that is not even tried. */
export function unavailable(journal: Journal): RefusalError {
  const reason = journal.health.reason ?? "it cannot be written";
  return new RefusalError({
    type: "journal_unavailable",
    message: `The journal takes no writes: ${reason}. Nothing was changed.`,
    hint: HINTS[journal.state],
  });
}

/** What the caller of a write is told of the journal's error; every other error stays what it is. */
export function asRefusal(error: Error, journal: Journal): Error {
  if (!(error instanceof JournalUnavailableError)) return error;
  return new RefusalError({
    type: "journal_unavailable",
    message: `The write could not be made durable: ${error.message} Nothing was changed.`,
    hint: HINTS[journal.state],
  });
}
