/**
 * What is wrong: `folder_unusable` with where a backup is to go, `backup_incomplete` and `backup_damaged` with one
 * that is to be read, `data_exists` with where it is to be restored, `restore_damaged` with what is left of a restore.
 */
export type BackupFault =
  "folder_unusable" | "backup_incomplete" | "backup_damaged" | "data_exists" | "restore_damaged";

/** A backup cannot be made or restored, and what a person can do about it. */
export class BackupError extends Error {
  override readonly name = "BackupError";
  readonly type: BackupFault;
  readonly hint: string;

  constructor(type: BackupFault, message: string, hint: string) {
    super(message);
    this.type = type;
    this.hint = hint;
  }
}
