import { join } from "node:path";

import { BackupError } from "../../content/backup/backupError.js";
import { BackupFolder } from "../../content/backup/backupFolder.js";
import { type Journal, writeStateCopy } from "../../journal/index.js";
import { inLanes } from "../../lanes.js";
import { RefusalError } from "../../protocol/errors.js";
import type { Result } from "../../protocol/types.js";
import type { Clock } from "../../schedule/clock.js";
import { writeUptime } from "../../schedule/uptime.js";
import type { Bodies } from "../bodies.js";
import type { Checkpoints } from "../checkpoints.js";
import type { ContentHold } from "../contentHold.js";
import type { Keys } from "../keys.js";
import type { SupervisorLog } from "../options.js";
import type { Registry } from "../registry.js";
import { snapshotEntries } from "../snapshot.js";
import { backupEntries } from "./backupEntries.js";
import { type ContentSource, contentSources } from "./contentSources.js";

interface BackupParts {
  readonly journal: Journal;
  readonly registry: Registry;
  readonly keys: Keys;
  readonly bodies: Bodies;
  readonly checkpoints: Checkpoints;
  readonly hold: ContentHold;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly contentDir: string;
  readonly checkpointsDir: string;
  readonly log: SupervisorLog;
}

/** Files that are copied at a time: the threads that do it are those that sync the journal. */
const COPY_LANES = 2;

/** Makes backups of the state, one at a time, while everything else goes on. */
export class Backups {
  readonly #parts: BackupParts;
  readonly #closing = new AbortController();
  #running: Promise<unknown> | undefined;

  constructor(parts: BackupParts) {
    this.#parts = parts;
  }

  /**
   * Writes everything that is durable at one seq into a folder, as FORMAT.md describes it. It is whole when this
   * resolves, and looks broken off in every other case.
   *
   * @throws RefusalError where another backup is under way, the folder cannot be used, or it cannot be written
   */
  async run(path: string): Promise<Result<"daemon/backup">> {
    if (this.#running !== undefined) throw busy();
    const running = this.#make(path, this.#closing.signal);
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  /** Breaks off the backup that is under way, and begins no other. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("the daemon is stopping"));
    await this.#running?.catch(() => undefined);
  }

  async #make(path: string, signal: AbortSignal): Promise<Result<"daemon/backup">> {
    const { dataDir, hold, log } = this.#parts;
    const startedMs = performance.now();
    let folder: BackupFolder | undefined;
    try {
      const claimed = await BackupFolder.claim(path, dataDir);
      folder = claimed;
      const seq = await hold.during(() => this.#fill(claimed, signal));
      const durationMs = Math.round(performance.now() - startedMs);
      const { sizeBytes, fileCount } = claimed;
      const result = { path, seq, sizeBytes, fileCount, durationMs };
      log.info({ event: "backup.done", ...result }, "A backup was made");
      return result;
    } catch (err) {
      log.warn({ err, event: "backup.failed", path }, "A backup could not be made");
      throw await refusalOf(err, path, folder, signal);
    }
  }

  /** What belongs to the state is taken in the tick of the call. Answers the seq of the state. */
  async #fill(folder: BackupFolder, signal: AbortSignal): Promise<number> {
    const { journal, clock } = this.#parts;
    const { position } = journal;
    const [nowMs, upMs] = [clock.nowMs(), clock.upMs()];
    const entries = snapshotEntries(this.#parts);
    const sources = contentSources({ ...this.#parts, seq: position.seq });

    await copyAll(folder, sources, signal);
    const uptimeFile = await folder.pathFor("uptime.json");
    await writeUptime(uptimeFile, upMs);
    await folder.add(uptimeFile, { signal });
    // Last of all, so that what is broken off has no journal that somebody could take for a whole one.
    const { snapshot, segment } = await writeStateCopy(position, backupEntries(entries, signal), {
      journalDir: join(folder.path, "journal"),
      snapshotDir: join(folder.path, "snapshots"),
      nowMs,
    });
    await folder.add(snapshot, { signal });
    await folder.add(segment, { signal });
    await folder.finish({ seq: position.seq, createdAt: new Date(nowMs).toISOString() });
    return position.seq;
  }
}

/** Copies all files; after a failure nothing is under way any more when this rejects. */
async function copyAll(
  folder: BackupFolder,
  sources: Iterable<ContentSource>,
  signal: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  await inLanes(sources, COPY_LANES, async ({ path, name, sizeBytes }) => {
    if (failures.length > 0) return;
    try {
      signal.throwIfAborted();
      const maxBytes = await sizeBytes();
      if (maxBytes !== 0) await folder.copy(path, name, { maxBytes, signal });
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
}

/** What the caller is told, and what becomes of the folder. */
async function refusalOf(
  thrown: unknown,
  path: string,
  folder: BackupFolder | undefined,
  signal: AbortSignal,
): Promise<RefusalError> {
  if (thrown instanceof BackupError) {
    return new RefusalError({ type: "invalid_params", message: thrown.message, hint: thrown.hint });
  }
  let hint = `remove ${path}: what is in it is not whole`;
  if (signal.aborted) {
    // A stop waits for nothing that takes long, so the folder stays.
    const message = `The daemon is stopping: the backup to ${path} was broken off.`;
    return new RefusalError({ type: "shutting_down", message, hint });
  }
  try {
    await folder?.discard();
    hint = "nothing of it is left; make it again when the cause is gone";
  } catch {
    // Why the backup failed is the better thing to tell.
  }
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  return new RefusalError({ type: "backup_failed", message: `The backup to ${path} failed: ${why}.`, hint });
}

function busy(): RefusalError {
  return new RefusalError({
    type: "limit_reached",
    message: "A backup is under way already.",
    hint: "make the next one when it has come to its end",
    details: { limit: "backups", bound: 1 },
  });
}
