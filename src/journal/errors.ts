/** A file of the journal is not as it was written. The start stops: nothing is dropped in silence. */
export class JournalDamagedError extends Error {
  readonly file: string;
  /** Where in the file the bad line begins. */
  readonly offset: number;
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(
      `The journal is damaged: ${file}, offset ${offset}: ${reason}. Nothing was changed. ` +
        "`sessiond journal verify` shows all of it, `sessiond journal repair` keeps what is whole.",
    );
    this.name = "JournalDamagedError";
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}

/** Another version wrote a file of the journal: it is not damaged, and nothing here may touch it. */
export class OtherFormatError extends Error {
  readonly file: string;
  readonly format: number;

  constructor(file: string, format: number, known: number) {
    super(
      `${file} has format ${format} of the journal, and this version of sessiond knows ${known}. ` +
        `Nothing was changed. Start a version that knows format ${format}.`,
    );
    this.name = "OtherFormatError";
    this.file = file;
    this.format = format;
  }
}

/** A record was not written and never will be; the same call may work later. */
export class JournalUnavailableError extends Error {
  constructor(reason: string, cause?: unknown) {
    super(`The journal takes no writes: ${reason}`, { cause });
    this.name = "JournalUnavailableError";
  }
}

/** A reader asks for events that are no longer kept. */
export class ReplayGapError extends Error {
  /** The first seq that can still be read. */
  readonly oldestSeq: number;

  constructor(afterSeq: number, oldestSeq: number) {
    super(`Events after ${afterSeq} are asked for, and ${oldestSeq} is the oldest that is kept.`);
    this.name = "ReplayGapError";
    this.oldestSeq = oldestSeq;
  }
}
