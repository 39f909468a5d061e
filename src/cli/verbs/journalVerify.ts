import type { Context } from "../context.js";
import { EXIT } from "../exitCodes.js";
import { bytes, counted } from "../humane.js";
import type { JournalTask } from "./journal.js";

interface Fault {
  readonly file: string;
  readonly offset: number;
  readonly afterSeq: number;
  readonly reason: string;
  readonly kind: "torn-tail" | "damaged-snapshot" | "damage";
}

interface Verified {
  readonly verdict: "sound" | "set-aside" | "damaged";
  readonly faults: readonly Fault[];
  readonly segments: number;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly snapshots: readonly number[];
  readonly sizeBytes: number;
}

const KINDS = {
  "torn-tail": "a torn tail, which a start sets aside",
  "damaged-snapshot": "a damaged snapshot, which a start sets aside",
  damage: "damage",
} as const;

const VERDICTS = {
  sound: "The journal is sound.",
  "set-aside": "The journal is sound, but for what a start sets aside; nothing acknowledged is in it.",
  damaged:
    "The journal is damaged: a daemon refuses to start on it. What can be kept says: journal repair --dry-run",
} as const;

/** Checks the whole journal, and ends with 1 where a daemon would refuse to start on it. */
export const verify: JournalTask = async (context, _, { journalDir, snapshotDir }) => {
  const { verifyJournal } = await import("../../journal/verify.js");
  const found = await verifyJournal({ journalDir, snapshotDir });
  await context.print(found, () => inWords(found, context));
  return found.verdict === "damaged" ? EXIT.failure : EXIT.ok;
};

function inWords(found: Verified, { paint }: Context): string {
  const faults = found.faults.map(
    ({ file, offset, afterSeq, reason, kind }) =>
      `${file}, offset ${offset}, after event ${afterSeq}: ${reason}\n  ${paint(kind === "damage" ? "red" : "yellow", KINDS[kind])}\n`,
  );
  const { records, firstSeq, lastSeq, snapshots } = found;
  const range = records === 0 ? "" : ` (events ${firstSeq} to ${lastSeq})`;
  const states = snapshots.length === 0 ? "" : ` (of event ${snapshots.join(" and ")})`;
  const summary = [
    counted(found.segments, "segment"),
    `${counted(records, "record")}${range}`,
    `${counted(snapshots.length, "whole snapshot")}${states}`,
    bytes(found.sizeBytes),
  ].join(", ");
  const color = found.verdict === "damaged" ? "red" : "green";
  return `${faults.join("")}${summary}\n${paint(color, VERDICTS[found.verdict])}\n`;
}
