import { join } from "node:path";

import { BackupError } from "../../content/backup/backupError.js";
import { type Backup, checkBackup, openBackup } from "../../content/backup/readBackup.js";
import {
  commitStaged,
  discardStaged,
  finishRestore,
  hasState,
  makeAside,
  stageBackup,
} from "../../content/backup/restoreFolder.js";
import { verifyJournal } from "../../journal/verify.js";

export interface RestoreOptions {
  readonly dataDir: string;
  /** Whether a state that is there may be moved aside. */
  readonly replace: boolean;
  /** Whether to find out only whether it could be done. */
  readonly dryRun: boolean;
  readonly nowMs: number;
}

/** Reads a backup and holds every byte of it against its manifest. @throws {BackupError} */
export async function readBackup(path: string): Promise<Backup> {
  const backup = await openBackup(path);
  await checkBackup(backup);
  return backup;
}

/**
 * Makes a backup the state of a data folder. Whoever calls has the lock of the folder. A crash anywhere in here
 * leaves the state that was there, or the restored one as soon as a daemon starts. Answers the folder with the former
 * state, where there was one.
 *
 * @throws {BackupError} where there is a state already and `replace` is not set, or the backup is not as it was written
 */
export async function restoreBackup(
  backup: Backup,
  { dataDir, replace, dryRun, nowMs }: RestoreOptions,
): Promise<string | undefined> {
  // One that was interrupted counts, so its state is the one that is there.
  const former = dryRun ? undefined : await finishRestore(dataDir);
  if (!replace && (await hasState(dataDir))) throw stateExists(dataDir, former?.seq);
  if (dryRun) return undefined;
  try {
    await judge(await stageBackup(dataDir, backup), backup);
    const aside = (await hasState(dataDir)) ? await makeAside(dataDir, { seq: backup.seq, nowMs }) : null;
    await commitStaged(dataDir, { seq: backup.seq, aside });
  } catch (error) {
    await discardStaged(dataDir);
    throw error;
  }
  return (await finishRestore(dataDir))?.aside ?? undefined;
}

/** Nothing takes the place of a state that a start would refuse. */
async function judge(staged: string, { path, seq }: Backup): Promise<void> {
  const folders = { journalDir: join(staged, "journal"), snapshotDir: join(staged, "snapshots") };
  const { verdict, snapshots, faults } = await verifyJournal(folders);
  if (verdict === "sound" && snapshots.length === 1 && snapshots[0] === seq) return;
  const fault = faults[0]?.reason ?? `it does not hold the state of event ${seq}`;
  const hint = "restore it with the version of sessiond that made it, or take another backup";
  throw new BackupError("backup_damaged", `${path}: no daemon would start on it: ${fault}.`, hint);
}

function stateExists(dataDir: string, finishedSeq: number | undefined): BackupError {
  const message = `There are sessions in ${dataDir} already. Nothing was changed.`;
  const finished =
    finishedSeq === undefined
      ? ""
      : `they are those of event ${finishedSeq}, from a restore that was interrupted and is done now; `;
  return new BackupError("data_exists", message, `${finished}to move them aside, give --replace`);
}
