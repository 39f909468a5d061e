import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, openSync, statSync } from "node:fs";

/**
 * A lock that the kernel keeps: it belongs to an open descriptor, holds while the process is stopped, and is
 * gone at the same moment as the process, however that ended.
 */
export type KernelLockAttempt =
  | { outcome: "ours"; fd: number }
  | { outcome: "held" }
  /** This system gives no such lock. */
  | { outcome: "unavailable"; reason: string };

/** For tests: another system, another program. */
export interface KernelLockOptions {
  platform?: NodeJS.Platform;
  flockProgram?: string;
}

/**
 * Flags of open(2) on macOS that Node has no names for: the file is locked exclusively as it is opened, with the
 * meaning of flock(2), and EAGAIN says that somebody else has it.
 */
const DARWIN_LOCK_NOW = 0x20 | 0x4;

const OPEN_FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;

/** Somebody may remove the file between opening and locking it; a lock on a file without a name locks nobody out. */
const MOST_ATTEMPTS = 5;

/** Takes the lock, or says at once who has it. Throws what the system says when the file cannot be opened. */
export function tryKernelLock(lockFile: string, options: KernelLockOptions = {}): KernelLockAttempt {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const taken = options.platform === "darwin" ? lockByOpening(lockFile) : lockByProgram(lockFile, options);
    if (taken.outcome !== "ours" || hasName(taken.fd, lockFile)) return taken;
    closeSync(taken.fd);
  }
  throw new Error(`${lockFile} is removed again and again while it is being locked. Find out by what.`);
}

/** Node offers no flock, but the program of that name locks a descriptor that it inherits, and that stays locked. */
function lockByProgram(lockFile: string, { flockProgram = "flock" }: KernelLockOptions): KernelLockAttempt {
  // Node opens with O_CLOEXEC: no command that the daemon starts later inherits the descriptor and its lock.
  const fd = openSync(lockFile, OPEN_FLAGS, 0o600);
  const { status, error, stderr } = spawnSync(flockProgram, ["-n", "3"], {
    stdio: ["ignore", "ignore", "pipe", fd],
  });
  if (status === 0) return { outcome: "ours", fd };
  closeSync(fd);
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    return { outcome: "unavailable", reason: `the program ${flockProgram} (util-linux) is not installed` };
  }
  const said = stderr?.toString().trim() ?? "";
  // Silence is the answer of somebody else's lock; some versions exit with 1 for every other reason, too.
  if (status === 1 && said === "") return { outcome: "held" };
  // Going on without the lock could mean two daemons in one folder, so any other answer stops the start.
  const why = error?.message ?? (said === "" ? `flock ended with ${String(status)}` : said);
  throw new Error(
    `${lockFile} cannot be locked: ${why}. Put the data folder on a file system that has locks.`,
  );
}

function lockByOpening(lockFile: string): KernelLockAttempt {
  try {
    return { outcome: "ours", fd: openSync(lockFile, OPEN_FLAGS | DARWIN_LOCK_NOW, 0o600) };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EAGAIN") return { outcome: "held" };
    if (code !== "ENOTSUP" && code !== "EOPNOTSUPP") throw error;
    return { outcome: "unavailable", reason: "its file system has no locks" };
  }
}

/** Whether the open file is still the one that its path leads to. */
function hasName(fd: number, path: string): boolean {
  const opened = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}
