import { LineTooLongError } from "../disk/lines.js";
import type { DiskOperations } from "../disk/operations.js";
import type { Fault, Piece, Step } from "./findings.js";
import { numberedPath } from "./names.js";
import { readPosition } from "./record.js";
import type { DamagedSnapshot } from "./recover.js";
import { verifySnapshotFile, type SnapshotFile } from "./snapshotFile.js";
import { walkSegments } from "./walk.js";

/** Records that follow each other without a gap, through one file or more. */
export interface Stretch {
  readonly pieces: Piece[];
  /** The crc at its start and at the seqs of whole snapshots within it. */
  readonly chains: Map<number, number>;
}

/** Everything that can be found in a folder, whatever its state. */
export interface Survey {
  /** Ascending. */
  readonly snapshots: readonly SnapshotFile[];
  readonly damagedSnapshots: readonly DamagedSnapshot[];
  readonly faults: readonly Fault[];
  readonly stretches: readonly Stretch[];
  readonly records: number;
  /** The last seq of which there is any sign: a record, the name of a file, a line that is damaged itself. */
  readonly knownSeq: number;
  /** Whether something is behind the last good record that cannot be read, and that is not a torn tail. */
  readonly endsUnreadable: boolean;
}

/** Where to look. */
export interface SurveyOptions {
  readonly snapshotDir: string;
  readonly journalDir: string;
  /** Numbers of the segments and the snapshots, ascending. */
  readonly firsts: readonly number[];
  readonly snapshotSeqs: readonly number[];
  readonly operations: DiskOperations;
}

/** Looks at every file, and goes on behind whatever is bad. Errors of the disk are thrown. */
export async function survey(options: SurveyOptions): Promise<Survey> {
  const { snapshotDir, snapshotSeqs, journalDir, firsts, operations } = options;
  const snapshots: SnapshotFile[] = [];
  const damagedSnapshots: DamagedSnapshot[] = [];
  for (const seq of snapshotSeqs) {
    const found = await checkSnapshot(snapshotDir, seq, operations);
    if ("chain" in found) snapshots.push(found);
    else damagedSnapshots.push(found);
  }
  const anchors = new Map([[0, 0], ...snapshots.map(({ seq, chain }) => [seq, chain] as const)]);
  const fold = new Fold(anchors, Math.max(0, (firsts.at(-1) ?? 1) - 1, snapshotSeqs.at(-1) ?? 0));
  const parseAfter = snapshots.at(-1)?.seq ?? 0;
  for await (const step of walkSegments({ journalDir, firsts, anchors, parseAfter, operations })) {
    fold.take(step);
  }
  const faults = damagedSnapshots.map(({ path, offset, reason }): Fault => {
    return { file: path, offset, afterSeq: 0, reason, kind: "damaged-snapshot" };
  });
  const covered = (snapshots.at(-1)?.seq ?? 0) + 1;
  const [oldest] = firsts;
  if (oldest !== undefined && oldest > covered) {
    const reason = `the segments that follow seq ${covered - 1} are missing`;
    const file = numberedPath(journalDir, oldest);
    faults.push({ file, offset: 0, afterSeq: covered - 1, reason, kind: "damage" });
  }
  const { stretches, records, knownSeq, endsUnreadable } = fold;
  const all = [...faults, ...fold.faults];
  return { snapshots, damagedSnapshots, faults: all, stretches, records, knownSeq, endsUnreadable };
}

async function checkSnapshot(
  folder: string,
  seq: number,
  operations: DiskOperations,
): Promise<SnapshotFile | DamagedSnapshot> {
  try {
    return await verifySnapshotFile(folder, seq, operations);
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    return { path: error.path, offset: error.offset, reason: "the line is longer than any that is written" };
  }
}

/** Puts the steps of a walk together. */
class Fold {
  readonly faults: Fault[] = [];
  readonly stretches: Stretch[] = [];
  records = 0;
  /** Where there is no segment at all, nobody knows how far the journal went. */
  endsUnreadable = true;
  readonly #anchors: ReadonlyMap<number, number>;

  #provenSeq: number;
  /** What damaged lines say at the end; those in between are followed by better evidence. */
  #claimedSeq = 0;

  constructor(anchors: ReadonlyMap<number, number>, provenSeq: number) {
    this.#anchors = anchors;
    this.#provenSeq = provenSeq;
  }

  get knownSeq(): number {
    return Math.max(this.#provenSeq, this.#claimedSeq);
  }

  take(step: Step): void {
    const current = this.stretches.at(-1);
    switch (step.kind) {
      case "piece": {
        this.endsUnreadable = false;
        this.#claimedSeq = 0;
        const { seq, chain } = step.piece.from;
        if (step.continues && current !== undefined) current.pieces.push(step.piece);
        else this.stretches.push({ pieces: [step.piece], chains: new Map([[seq, chain]]) });
        return;
      }
      case "records":
        this.records += step.records.length;
        for (const { seq, crc } of step.records) {
          if (this.#anchors.has(seq)) current?.chains.set(seq, crc);
          this.#provenSeq = Math.max(this.#provenSeq, seq);
        }
        return;
      case "fault":
        this.faults.push(step.fault);
        this.endsUnreadable = step.fault.kind === "damage";
        return;
      case "unchecked": {
        // An event takes more than a byte, so a number that is out of all proportion was damaged itself.
        const claimed = readPosition(step.line.bytes)?.seq ?? 0;
        if (claimed - this.knownSeq < step.line.bytes.length) {
          this.#claimedSeq = Math.max(this.#claimedSeq, claimed);
        }
      }
    }
  }
}
