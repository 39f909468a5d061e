import type { Piece } from "./findings.js";
import { formatHeader, type SegmentHeader } from "./header.js";
import { numberedPath } from "./names.js";
import type { Stretch, Survey } from "./survey.js";
import type { Examined } from "./verify.js";

/** A segment of the journal as it will be. */
export interface PlannedSegment {
  readonly first: number;
  /** The file stays as it is, and the next segment seals it: bytes behind that will not be read any more. */
  readonly isSealed?: boolean;
  /** What is written; undefined where the file that is there stays as it is. */
  readonly write:
    | undefined
    | {
        readonly header: SegmentHeader;
        /** The records, byte by byte; absent where there are none. */
        readonly records?: { readonly path: string; readonly from: number; readonly to: number };
      };
}

/** What a repair keeps, loses and changes. Nothing of it is done yet. */
export interface RepairPlan {
  /** Seq of the snapshot that the state begins with; 0 where it begins with nothing. */
  readonly snapshotSeq: number;
  /** Seq of the last event of the state. */
  readonly endSeq: number;
  /** The first event that can still be read; `endSeq + 1` if there is none. */
  readonly oldestSeq: number;
  /** What was acknowledged and is in no state any more; `isExact` if nothing unreadable is behind it. */
  readonly lost: { readonly fromSeq: number; readonly toSeq: number; readonly isExact: boolean } | undefined;
  readonly segments: readonly PlannedSegment[];
  /** Files that are changed, replaced, sealed or removed: copied first. */
  readonly touched: readonly string[];
  /** Those of them that go, the snapshots last. */
  readonly removed: readonly string[];
}

/** A place from which a state can begin: a whole snapshot, or nothing. */
interface Base {
  readonly seq: number;
  readonly chain: number;
}

/**
 * The longest state that is whole: a snapshot or nothing, and every record that follows it without a gap. Of
 * two that reach equally far the newer snapshot wins.
 */
export function planRepair({ survey, firsts, snapshotSeqs }: Examined, folders: Folders): RepairPlan {
  const { base, stretch, endSeq } = longest(survey);
  const segments = layOut(stretch?.pieces.filter(isOfUse) ?? [], base, survey);
  const newer = snapshotSeqs.filter((seq) => seq > base.seq);
  const bad = new Set(survey.damagedSnapshots.map(({ path }) => path));
  const snapshots = snapshotSeqs
    .map((seq) => ({ seq, path: numberedPath(folders.snapshotDir, seq) }))
    .filter(({ seq, path }) => newer.includes(seq) || bad.has(path))
    .map(({ path }) => path);
  const planned = new Map(segments.map((segment) => [segment.first, segment]));
  const gone = firsts.filter((first) => !planned.has(first));
  const isChanged = (segment?: PlannedSegment): boolean =>
    segment?.write !== undefined || segment?.isSealed === true;
  const changed = firsts.filter((first) => isChanged(planned.get(first)));
  const pathOf = (first: number): string => numberedPath(folders.journalDir, first);
  return {
    snapshotSeq: base.seq,
    endSeq,
    oldestSeq: Math.min(endSeq, stretch?.pieces[0]?.from.seq ?? endSeq) + 1,
    lost: lossOf(survey, endSeq, stretch),
    segments,
    touched: [...gone, ...changed]
      .sort((a, b) => a - b)
      .map(pathOf)
      .concat(snapshots),
    removed: [...gone.map(pathOf), ...snapshots],
  };
}

interface Folders {
  readonly journalDir: string;
  readonly snapshotDir: string;
}

function longest(survey: Survey): { base: Base; stretch: Stretch | undefined; endSeq: number } {
  const bases: Base[] = [...survey.snapshots.toReversed(), { seq: 0, chain: 0 }];
  const candidates = bases.map((base) => {
    const following = survey.stretches.filter(({ chains }) => chains.get(base.seq) === base.chain);
    const stretch = following.reduce<Stretch | undefined>(
      (best, one) => (best === undefined || endOf(one) > endOf(best) ? one : best),
      undefined,
    );
    return { base, stretch, endSeq: stretch === undefined ? base.seq : endOf(stretch) };
  });
  return candidates.reduce((best, one) => (one.endSeq > best.endSeq ? one : best));
}

function endOf({ pieces }: Stretch): number {
  return pieces.at(-1)?.to.seq ?? 0;
}

/** No segment but the last is without records. */
function isOfUse({ from, to }: Piece, index: number, pieces: readonly Piece[]): boolean {
  return to.seq > from.seq || index === pieces.length - 1;
}

/** Where no record follows the state, and where something unreadable is behind it, nobody knows what there was. */
function lossOf(
  { knownSeq, endsUnreadable }: Survey,
  endSeq: number,
  stretch: Stretch | undefined,
): RepairPlan["lost"] {
  if (knownSeq > endSeq) return { fromSeq: endSeq + 1, toSeq: knownSeq, isExact: !endsUnreadable };
  if (!endsUnreadable && stretch !== undefined) return undefined;
  return { fromSeq: endSeq + 1, toSeq: endSeq + 1, isExact: false };
}

/** The segments anew: as they are wherever that is possible, since each states the size of the one before. */
function layOut(pieces: readonly Piece[], base: Base, { faults }: Survey): PlannedSegment[] {
  const planned: PlannedSegment[] = [];
  let previous: SegmentHeader["previous"] = null;
  for (const [index, piece] of pieces.entries()) {
    const { file, from, to } = piece;
    const isLast = index === pieces.length - 1;
    const hasRecords = to.seq > from.seq;
    const before = index === 0 ? (file.header?.previous ?? null) : previous;
    const header: SegmentHeader = { first: from.seq + 1, chain: from.chain, previous: before };
    const isTorn = faults.some(
      ({ kind, file: path, offset }) => kind === "torn-tail" && path === file.path && offset === to.offset,
    );
    const hidesBytes = to.offset < file.sizeBytes && !(isLast && isTorn);
    // A seal needs a record before it, or both had the same name; and only the last line may lack its newline.
    const canStay = isLast ? hasRecords || !hidesBytes : to.offset <= file.sizeBytes;
    const stays = canStay && isAsItWouldBe(piece, header);
    const headerBytes = Buffer.byteLength(formatHeader(header));
    const sizeBytes = stays ? to.offset : headerBytes + to.offset - from.offset;
    previous = { first: header.first, sizeBytes };
    const records = { path: file.path, from: from.offset, to: to.offset };
    const write = stays ? undefined : { header, ...(hasRecords ? { records } : {}) };
    planned.push({ first: header.first, write, isSealed: stays && hidesBytes });
    if (!isLast || !stays || !hidesBytes) continue;
    const seal = { first: to.seq + 1, chain: to.chain, previous };
    planned.push({ first: seal.first, write: { header: seal } });
  }
  if (planned.length > 0) return planned;
  const first = base.seq + 1;
  return [{ first, write: { header: { first, chain: base.chain, previous: null } } }];
}

/** Whether the file holds those records under just this header already. */
function isAsItWouldBe({ file, from }: Piece, header: SegmentHeader): boolean {
  if (file.header === undefined || from.offset !== file.recordsAt) return false;
  return formatHeader(file.header) === formatHeader(header);
}
