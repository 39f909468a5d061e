import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import { LimitWatch } from "../process/resources/limitWatch.js";
import { type Finding, limited, ok, trouble } from "./finding.js";

/** Of the daemon, its journal, logs and clients; each command and each client adds some. */
const FEW_FILES = 1_024;
const TOO_FEW_FILES = 128;
const FEW_WATCHES = 8_192;
/** No machine that runs this was set up before. */
const BEFORE = Date.UTC(2024, 0, 1);

/** Whether processes can be looked at. */
export function examineProc(): Finding {
  if (!existsSync("/proc/self/stat"))
    return limited(
      "proc",
      "there is no /proc: processes of earlier daemons are not recognised, and limits not held",
      "mount it: mount -t proc proc /proc",
    );
  if (!LimitWatch.isPossible)
    return limited(
      "proc",
      "it does not tell the children of processes, so only the kernel can hold limits",
      "use a kernel with CONFIG_PROC_CHILDREN",
    );
  return ok("proc", "processes can be recognised, and their memory measured");
}

/** Whether the kernel can hold the lock of the data folder. */
export function examineLock({
  env,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
}): Finding {
  if (process.platform === "darwin")
    return ok("lock", "the kernel keeps a second daemon off the data folder");
  const folders = (env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  if (folders.some((folder) => folder !== "" && existsSync(join(folder, "flock"))))
    return ok("lock", "the kernel keeps a second daemon off the data folder");
  return limited(
    "lock",
    "there is no flock: a lock file with a time stamp keeps a second daemon off",
    "install flock, from util-linux",
  );
}

/** How many files may be open. */
export function examineOpenFiles(file = "/proc/self/limits"): Finding {
  const name = "open files";
  const soft = /^Max open files\s+(\d+|unlimited)/m.exec(read(file))?.[1];
  if (soft === undefined) return ok(name, "the system does not tell its limit");
  const limit = soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  if (limit < TOO_FEW_FILES)
    return trouble(name, `${soft}: clients will be refused`, `raise it: ulimit -n ${FEW_FILES}`);
  if (limit < FEW_FILES)
    return limited(name, `${soft}: enough for few clients and commands`, `raise it: ulimit -n ${FEW_FILES}`);
  return ok(name, `up to ${soft}`);
}

/** How many folders can be watched. */
export function examineInotify(folder = "/proc/sys/fs/inotify"): Finding {
  const watches = Number(read(join(folder, "max_user_watches")));
  const instances = Number(read(join(folder, "max_user_instances")));
  if (watches === 0) return ok("inotify", "the system has no such limit");
  const detail = `up to ${watches} files and folders, by ${instances} programs`;
  if (watches >= FEW_WATCHES) return ok("inotify", detail);
  return limited(
    "inotify",
    `${detail}: large working directories cannot be watched`,
    "raise it: sysctl fs.inotify.max_user_watches=65536",
  );
}

/** Whether the clock can be right. */
export function examineClock(nowMs = Date.now()): Finding {
  const now = new Date(nowMs).toISOString();
  if (nowMs < BEFORE)
    return trouble("clock", `it says ${now}: times of sessions will be wrong`, "set it, or let NTP do that");
  return ok("clock", `it says ${now}`);
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
