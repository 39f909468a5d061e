import { basename, dirname, join } from "node:path";
import { ensurePrivateFolder } from "../disk/folder.js";
import { diskOperations, exists, type DiskOperations } from "../disk/operations.js";
import { PendingFile } from "../disk/pendingFile.js";
import { removeFile } from "../disk/remove.js";
import { copyBytes } from "./copyBytes.js";
import { formatHeader } from "./header.js";
import { numberedPath } from "./names.js";
import { planRepair, type PlannedSegment, type RepairPlan } from "./repairPlan.js";
import { examine, type OfflineOptions, type Verification } from "./verify.js";

/** A repair that was thought through; nothing is changed until it is performed. */
export interface Repair {
  readonly verification: Verification;
  /** Undefined where a start takes the folder as it is. */
  readonly plan: RepairPlan | undefined;
}

/**
 * Finds out what a repair would do. Nobody else may change the folder from here on until it is done.
 *
 * @throws {OtherFormatError} if another version wrote the journal: what this one cannot read is not damaged.
 */
export async function prepareRepair(options: OfflineOptions): Promise<Repair> {
  const examined = await examine(options);
  const isDamaged = examined.verification.verdict === "damaged";
  return {
    verification: examined.verification,
    plan: isDamaged ? planRepair(examined, options) : undefined,
  };
}

/**
 * Copies what is about to change into a folder of its own below the journal, then changes it. A crash on the
 * way leaves a folder that is damaged as before, or one that is repaired. Answers the folder with the copies,
 * which is laid out like a data folder.
 *
 * @throws Error if the folder does not read as planned afterwards; everything is in the copies then.
 */
export async function performRepair(
  plan: RepairPlan,
  options: OfflineOptions & { readonly nowMs: number },
): Promise<string> {
  const { journalDir, snapshotDir, operations = diskOperations } = options;
  const folder = await makeFolder(journalDir, options.nowMs, operations);
  const copies = new Map<string, string>();
  for (const path of plan.touched) {
    const room = dirname(path) === snapshotDir ? "snapshots" : "journal";
    await ensurePrivateFolder(join(folder, room), operations);
    const copy = join(folder, room, basename(path));
    await write(copy, operations, (file) => copyBytes(path, { from: 0 }, file, operations));
    copies.set(path, copy);
  }
  for (const segment of plan.segments) await writeSegment(segment, journalDir, copies, operations);
  for (const path of plan.removed) await removeFile(path, operations);
  const { verification, survey } = await examine(options);
  const end = Math.max(plan.snapshotSeq, ...survey.stretches.map(({ pieces }) => pieces.at(-1)?.to.seq ?? 0));
  if (verification.verdict === "damaged" || end !== plan.endSeq) {
    throw new Error(
      `The repair did not lead to what was planned. Everything that it changed is in ${folder}; put the files ` +
        "back from there, keep a copy of the data folder, and report it.",
    );
  }
  return folder;
}

async function makeFolder(journalDir: string, nowMs: number, operations: DiskOperations): Promise<string> {
  await ensurePrivateFolder(journalDir, operations);
  for (let ms = nowMs; ; ms++) {
    const folder = join(journalDir, `repair-${new Date(ms).toISOString().replaceAll(/[-:.]/g, "")}`);
    if (await exists(folder, operations)) continue;
    await ensurePrivateFolder(folder, operations);
    return folder;
  }
}

/** Writes a segment from the copies: its own file may have been the source. */
async function writeSegment(
  { first, write: planned }: PlannedSegment,
  journalDir: string,
  copies: ReadonlyMap<string, string>,
  operations: DiskOperations,
): Promise<void> {
  if (planned === undefined) return;
  const { header, records } = planned;
  await write(numberedPath(journalDir, first), operations, async (file) => {
    const headerLine = Buffer.from(formatHeader(header));
    await file.write(headerLine);
    if (records === undefined) return;
    await copyBytes(copies.get(records.path) ?? records.path, records, file, operations);
    const lacksNewline = file.sizeBytes < headerLine.length + records.to - records.from;
    if (lacksNewline) await file.write(Buffer.from("\n"));
  });
}

async function write(
  path: string,
  operations: DiskOperations,
  fill: (file: PendingFile) => Promise<void>,
): Promise<void> {
  const file = await PendingFile.create(path, 0o600, operations);
  try {
    await fill(file);
    await file.publish();
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.close();
}
