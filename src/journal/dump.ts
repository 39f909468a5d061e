import { diskOperations, type DiskOperations } from "../disk/operations.js";
import type { Fault, Step } from "./findings.js";
import { listNumbered } from "./names.js";
import { recordIn } from "./resync.js";
import type { StoredRecord } from "./types.js";
import { walkSegments } from "./walk.js";

/** Which records are wanted, and from where. */
export interface DumpOptions {
  readonly journalDir: string;
  /** Those with any event after it; 0 if absent. */
  readonly sinceSeq?: number;
  /** Up to the record that holds it. */
  readonly untilSeq?: number;
  readonly operations?: DiskOperations;
}

/** One thing in a dump. */
export type DumpItem =
  | { readonly kind: "record"; readonly record: StoredRecord }
  /** A record that can be read, and of which nobody can say whether it is as it was written. */
  | { readonly kind: "unchecked"; readonly record: StoredRecord }
  | { readonly kind: "fault"; readonly fault: Fault }
  /** Events that are not there, or not in the records that can be trusted. */
  | { readonly kind: "gap"; readonly fromSeq: number; readonly toSeq: number };

/**
 * All records in order, in blocks, and on behind whatever is bad. Nothing is changed, and it is read only as
 * fast as the blocks are taken. Errors of the disk are thrown.
 */
export async function* dumpJournal(options: DumpOptions): AsyncGenerator<readonly DumpItem[]> {
  const { journalDir, sinceSeq = 0, untilSeq = Infinity, operations = diskOperations } = options;
  const { numbers } = await listNumbered(journalDir, operations);
  const firsts = numbers.filter((_, index) => (numbers[index + 1] ?? Infinity) > sinceSeq + 1);
  const anchors = new Map([[0, 0]]);
  let seq = sinceSeq;
  for await (const step of walkSegments({ journalDir, firsts, anchors, parseAfter: sinceSeq, operations })) {
    const items = itemsOf(step, seq).filter((item) => isWanted(item, sinceSeq, untilSeq));
    if (items.length > 0) yield items;
    if (step.kind === "piece") seq = Math.max(seq, step.piece.from.seq);
    if (step.kind === "records") seq = Math.max(seq, step.records.at(-1)?.seq ?? 0);
    if (seq >= untilSeq) return;
  }
}

/** @param seq where the dump is. */
function itemsOf(step: Step, seq: number): DumpItem[] {
  switch (step.kind) {
    case "piece": {
      const toSeq = step.piece.from.seq;
      return toSeq > seq ? [{ kind: "gap", fromSeq: seq + 1, toSeq }] : [];
    }
    case "records":
      return step.records.flatMap(({ stored }) =>
        stored === undefined ? [] : { kind: "record", record: stored },
      );
    case "fault":
      return [step];
    case "unchecked": {
      const record = recordIn(step.line);
      return record === undefined ? [] : [{ kind: "unchecked", record }];
    }
  }
}

function isWanted(item: DumpItem, sinceSeq: number, untilSeq: number): boolean {
  if (!("record" in item)) return true;
  const { seq, events } = item.record;
  return seq > sinceSeq && seq - events.length < untilSeq;
}
