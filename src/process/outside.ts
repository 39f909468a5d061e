import { readFileSync } from "node:fs";
import { constants } from "node:os";

import type { ProcessIdentity } from "./identity.js";
import { readIdentity } from "./identity.js";
import { hasEnded, readStatNow, undefinedIfOutOfReach } from "./proc.js";

/** A process that somebody else started. */
export interface OutsideProcess extends ProcessIdentity {
  /** As the system calls it: at most 15 characters, which it may have chosen itself. */
  readonly name: string | undefined;
}

/**
 * A process of this user by its pid, to be recognised later on; or why it cannot be watched, as a sentence for a person.
 */
export function outsideProcess(pid: number): OutsideProcess | { readonly fault: string } {
  if (pid === process.pid) return { fault: `Process ${pid} is the daemon itself.` };
  const identity = readIdentity(pid);
  const status = readStatus(pid);
  if (identity === undefined || status === undefined) {
    const isTold = readIdentity(process.pid) !== undefined;
    return {
      fault: isTold ? `No process has the pid ${pid}.` : "This system does not tell processes apart.",
    };
  }
  const stat = readStatNow(pid);
  if (stat === undefined || hasEnded(stat)) return { fault: `Process ${pid} has ended already.` };
  const thread = status.get("Tgid");
  if (thread !== undefined && thread !== String(pid))
    return { fault: `${pid} is a thread of process ${thread}, and no process.` };
  if (isKernelThread(status)) return { fault: `${pid} is a thread of the kernel.` };
  if (!isOwn(status.get("Uid"), process.getuid?.()))
    return { fault: `Process ${pid} belongs to another user.` };
  return { ...identity, name: status.get("Name") };
}

/**
 * How a process ended that its parent has not asked for yet; undefined where that cannot be known, which is so for all
 * others.
 */
export function exitOf({
  pid,
  startTicks,
}: ProcessIdentity): { readonly exitCode?: number; readonly signal?: string } | undefined {
  const stat = readStatNow(pid);
  if (stat?.startTicks !== startTicks || !hasEnded(stat)) return undefined;
  // The kernel tells only those who are the same user and group, and the others that it was 0.
  const status = readStatus(pid);
  if (!isOwn(status?.get("Uid"), process.getuid?.()) || !isOwn(status?.get("Gid"), process.getgid?.()))
    return undefined;
  const signal = stat.exitStatus & 0x7f;
  if (signal === 0) return { exitCode: (stat.exitStatus >> 8) & 0xff };
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return { signal: name ?? `signal ${signal}` };
}

/** Of `/proc/<pid>/status`, see proc(5): the values by their names. */
function readStatus(pid: number): ReadonlyMap<string, string> | undefined {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
    return new Map(
      lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
    );
  } catch (error) {
    return undefinedIfOutOfReach(error);
  }
}

/** Only they have no memory of their own, as long as they have not ended. */
function isKernelThread(status: ReadonlyMap<string, string>): boolean {
  return status.get("Kthread") === "1" || !status.has("VmSize");
}

/** Whether the real, effective, saved and file-system ids are all this one. */
function isOwn(ids: string | undefined, own: number | undefined): boolean {
  return ids !== undefined && ids.split(/\s+/).every((id) => Number(id) === own);
}
