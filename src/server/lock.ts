import { closeSync } from "node:fs";
import { lstat } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { lock as lockByFolder } from "proper-lockfile";
import { ensurePrivateFolder } from "../disk/folder.js";
import { hasCode } from "../disk/operations.js";
import { removeTree } from "../disk/remove.js";
import { ownerOfThisProcess, readOwner, removeOwner, stateOfOwner, writeOwner } from "./dataFolderOwner.js";
import type { DataFolderOwner } from "./dataFolderOwner.js";
import { tryKernelLock } from "./kernelLock.js";
import type { KernelLockOptions } from "./kernelLock.js";

/** What is needed to take the lock of a data folder. */
export interface DataLockOptions {
  dataDir: string;
  /** Directly in the data folder. It stays there for good: removing it would let somebody lock another of its name. */
  lockFile: string;
  /** Directly in the data folder; says who holds the lock. */
  ownerFile: string;
  /** Where this daemon will be reached, for the message that another one gives. */
  socket: string;
  version: string;
  /** The lock is not ours any more: all writing has to stop at once. */
  onCompromised: (error: Error) => void;
  log?: { warn(fields: object, message: string): void };
  /** For tests: age at which proper-lockfile takes a lock for abandoned, 2 s at least; 10 s if absent. */
  staleMs?: number;
  /** For tests. */
  kernel?: KernelLockOptions;
}

/** The lock of a data folder, held until it is released or the process ends. */
export interface DataLock {
  /** Whether the kernel keeps it. Without, a process that is stopped for long can lose it. */
  readonly kernelHeld: boolean;
  /** Gives it back; again is harmless. */
  release(): Promise<void>;
}

/** Another daemon works in the data folder. */
export class DataFolderBusyError extends Error {
  readonly dataDir: string;
  /** Who it is, where that is known. */
  readonly owner: DataFolderOwner | undefined;

  constructor(dataDir: string, owner: DataFolderOwner | undefined) {
    const who =
      owner === undefined
        ? "another process"
        : `process ${owner.pid} (sessiond ${owner.version}, since ${owner.startedAt}, socket ${owner.socket})`;
    const stop = owner === undefined ? "Stop it" : `Stop it (kill ${owner.pid})`;
    super(
      `The data folder ${dataDir} is in use by ${who}. Use that daemon. ${stop} to start another one here, ` +
        `or choose another folder with --data-dir or SESSIOND_DATA_DIR.`,
    );
    this.name = "DataFolderBusyError";
    this.dataDir = dataDir;
    this.owner = owner;
  }
}

/** How often proper-lockfile touches its lock, and sees whether it is still its own. */
const UPDATE_MS = 1_000;

/**
 * Takes the lock that makes this process the only daemon of a data folder. The kernel decides where it can;
 * proper-lockfile lies around it for systems where it cannot, and notices when the folder is taken from under us.
 *
 * @throws {DataFolderBusyError} when somebody else has it.
 */
export async function acquireDataLock(options: DataLockOptions): Promise<DataLock> {
  const { dataDir, lockFile, ownerFile, log } = options;
  await ensurePrivateFolder(dataDir);
  const kernel = tryKernelLock(lockFile, { platform: process.platform, ...options.kernel });
  const former = readOwner(ownerFile);
  const formerState = former === undefined ? "gone" : stateOfOwner(former);
  if (kernel.outcome === "held") {
    throw new DataFolderBusyError(dataDir, formerState === "gone" ? undefined : former);
  }
  if (kernel.outcome === "unavailable") {
    log?.warn(
      { event: "lock.weak", reason: kernel.reason },
      "The kernel keeps no lock on the data folder: a daemon that is stopped for long could meet a second one.",
    );
  }
  try {
    // A daemon that had no kernel lock, or whose lock file somebody removed, is found by its process.
    if (formerState === "running") throw new DataFolderBusyError(dataDir, former);
    return await lockAround(options, kernel.outcome === "ours" ? kernel.fd : undefined);
  } catch (error) {
    if (kernel.outcome === "ours") closeSync(kernel.fd);
    throw error;
  }
}

/** proper-lockfile and the owner's file, around the kernel's lock if there is one. */
async function lockAround(options: DataLockOptions, kernelFd: number | undefined): Promise<DataLock> {
  const { dataDir, ownerFile, socket, version, log, staleMs = 10_000 } = options;
  const folder = join(dataDir, `${basename(options.lockFile)}.d`);
  const isLeftover = await lstat(folder).then(
    () => true,
    () => false,
  );
  // With the kernel's lock in hand, whoever made it is dead; there is nothing to wait for.
  if (isLeftover && kernelFd !== undefined) await removeTree(dataDir, basename(folder));

  let compromised: Error | undefined;
  let tellCompromised = (error: Error): void => {
    compromised = error;
  };
  const unlock = await lockByFolder(dataDir, {
    lockfilePath: folder,
    realpath: false,
    stale: staleMs,
    update: UPDATE_MS,
    onCompromised: (error) => tellCompromised(error),
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ELOCKED" ? new DataFolderBusyError(dataDir, readOwner(ownerFile)) : error;
  });
  // Two that take over an abandoned lock at the same time both believe they have it; the first update tells.
  if (isLeftover && kernelFd === undefined) await delay(UPDATE_MS * 1.5);
  if (compromised !== undefined) throw new DataFolderBusyError(dataDir, readOwner(ownerFile));
  tellCompromised = options.onCompromised;

  const owner = ownerOfThisProcess(socket, version);
  const release = async (): Promise<void> => {
    tellCompromised = () => undefined;
    try {
      await removeOwner(ownerFile, owner);
      // A lock that was compromised is not ours to unlock any more.
      await unlock().catch(() => undefined);
    } finally {
      // The kernel's lock goes last: whoever gets it finds the folder tidy.
      if (kernelFd !== undefined) closeSync(kernelFd);
    }
  };
  try {
    await writeOwner(ownerFile, owner);
  } catch (error) {
    // It says who holds the kernel's lock, and holds nothing itself: a full disk must not keep the daemon out.
    if (kernelFd === undefined || !hasCode(error, "ENOSPC", "EDQUOT")) {
      await unlock();
      throw error;
    }
    log?.warn(
      { event: "lock.unnamed", err: error },
      "The disk is full: the data folder does not say who has it",
    );
  }
  let releasing: Promise<void> | undefined;
  return { kernelHeld: kernelFd !== undefined, release: () => (releasing ??= release()) };
}
