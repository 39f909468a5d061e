import { diskOperations } from "../disk/operations.js";
import type { JournalOptions } from "./types.js";

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What counts where the options of a journal say nothing; `JournalOptions` says what each means. */
export const DEFAULTS = {
  onTorn: () => undefined,
  segmentBytes: 16 * MIB,
  rewriteBytes: MIB,
  roomBytes: MIB / 2,
  reserveBytes: MIB,
  keepMs: DAY_MS,
  keepBytes: 256 * MIB,
  minimumSnapshotBytes: 32 * MIB,
  stopSnapshotBytes: MIB / 4,
  checkPauseMs: 20,
  nowMs: Date.now,
  operations: diskOperations,
};

/** Options with everything said. */
export type FullOptions = JournalOptions & Required<Pick<JournalOptions, keyof typeof DEFAULTS>>;
