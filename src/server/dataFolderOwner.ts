import { readFileSync } from "node:fs";
import { writeFileAtomic } from "../disk/atomic.js";
import { diskOperations } from "../disk/operations.js";
import { removePending } from "../disk/pendingFile.js";
import { removeFile } from "../disk/remove.js";

/** The daemon that a data folder belongs to, as it wrote itself down for others to read. */
export interface DataFolderOwner {
  pid: number;
  /** When the process started, in the kernel's ticks since boot; with `bootId` it tells a reused pid. Linux. */
  startTicks?: number;
  bootId?: string;
  socket: string;
  version: string;
  /** RFC 3339. */
  startedAt: string;
}

/** What is known of the process of an owner. */
export type OwnerState = "running" | "gone" | "unknown";

/** The state and start time of a process, or undefined when there is none, or no /proc. */
function processStat(pid: number): { state: string; startTicks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program is in parentheses and may hold any character, so fields are counted behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", startTicks: Number(fields[19]) };
  } catch {
    return undefined;
  }
}

function currentBootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/** This process as an owner. */
export function ownerOfThisProcess(socket: string, version: string): DataFolderOwner {
  const stat = processStat(process.pid);
  const bootId = currentBootId();
  return {
    pid: process.pid,
    ...(stat === undefined ? {} : { startTicks: stat.startTicks }),
    ...(bootId === undefined ? {} : { bootId }),
    socket,
    version,
    startedAt: new Date(Date.now() - process.uptime() * 1_000).toISOString(),
  };
}

/** Whether that very process still runs; one that is dead and not yet collected by its parent does not. */
export function stateOfOwner({ pid, startTicks, bootId }: DataFolderOwner): OwnerState {
  if (startTicks === undefined || bootId === undefined) return "unknown";
  const bootIdNow = currentBootId();
  if (bootIdNow === undefined) return "unknown";
  const stat = bootIdNow === bootId ? processStat(pid) : undefined;
  if (stat === undefined || stat.startTicks !== startTicks) return "gone";
  return stat.state === "Z" || stat.state === "X" ? "gone" : "running";
}

/** The owner that the file names, or undefined when it is missing or says nothing that can be used. */
export function readOwner(ownerFile: string): DataFolderOwner | undefined {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(ownerFile, "utf8"));
  } catch {
    return undefined;
  }
  if (typeof found !== "object" || found === null) return undefined;
  const { pid, startTicks, bootId, socket, version, startedAt } = found as Record<string, unknown>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const text = (value: unknown): string => (typeof value === "string" ? value : "unknown");
  return {
    pid,
    ...(typeof startTicks === "number" ? { startTicks } : {}),
    ...(typeof bootId === "string" ? { bootId } : {}),
    socket: text(socket),
    version: text(version),
    startedAt: text(startedAt),
  };
}

/** Writes the owner down, whole or not at all, and removes what a crash left of earlier ones. Only under the lock. */
export async function writeOwner(ownerFile: string, owner: DataFolderOwner): Promise<void> {
  await removePending(ownerFile, diskOperations);
  await writeFileAtomic(ownerFile, `${JSON.stringify(owner, null, 2)}\n`);
}

/** Removes the file if it still names this owner, and not a successor. */
export async function removeOwner(ownerFile: string, owner: DataFolderOwner): Promise<void> {
  const found = readOwner(ownerFile);
  if (found?.pid === owner.pid && found.startedAt === owner.startedAt) await removeFile(ownerFile);
}
