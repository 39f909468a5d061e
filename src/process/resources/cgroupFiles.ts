import { constants } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Limited, ResourceBounds } from "./bounds.js";

/** The controller that holds each of the limits. */
export const CONTROLLERS: Readonly<Record<Limited, string>> = {
  memoryBytes: "memory",
  processes: "pids",
  cpuPercent: "cpu",
};

/** The time over which the kernel counts the use of the processor, microseconds: its own default. */
const CPU_PERIOD_US = 100_000;
const LEAST_QUOTA_US = 1_000;

/** Making and removing groups: the kernel has their files come and go with the folder, which only its own file system does. */
export interface CgroupFolders {
  readonly make: (folder: string) => Promise<unknown>;
  readonly remove: (folder: string) => Promise<void>;
}

export const KERNEL: CgroupFolders = { make: (folder) => mkdir(folder), remove: (folder) => rmdir(folder) };

/** What the kernel has counted in a group. */
export interface CgroupEvents {
  /** Processes that were killed because memory ran out, in this group or on the whole machine. */
  readonly oomKills: number;
  /** How often the group itself was at its limit of memory with nothing to give back. */
  readonly ooms: number;
  /** How often a process was refused. */
  readonly refusedForks: number;
}

/**
 * Writes the limits of a group into its files. What is not limited is written as well: an earlier limit may stand there.
 *
 * @param isWhole whether all of its processes end where memory runs out; else the kernel picks the fattest group below
 * @throws Node's own errors
 */
export async function writeBounds(
  folder: string,
  bounds: ResourceBounds,
  { controllers, isWhole }: { readonly controllers: ReadonlySet<string>; readonly isWhole: boolean },
): Promise<void> {
  const { memoryBytes = 0, processes = 0, cpuPercent = 0 } = bounds;
  if (controllers.has("memory")) {
    // First: a process that swaps would take more than it is given, and slow everybody down. Not every kernel counts swap.
    await set(folder, "memory.swap.max", memoryBytes > 0 ? "0" : "max").catch(ignoreMissing);
    if (isWhole) await set(folder, "memory.oom.group", "1").catch(ignoreMissing);
    await set(folder, "memory.max", memoryBytes > 0 ? String(memoryBytes) : "max");
  }
  if (controllers.has("pids")) await set(folder, "pids.max", processes > 0 ? String(processes) : "max");
  if (controllers.has("cpu")) {
    const quotaUs = Math.max(LEAST_QUOTA_US, Math.round((cpuPercent / 100) * CPU_PERIOD_US));
    await set(folder, "cpu.max", `${cpuPercent > 0 ? quotaUs : "max"} ${CPU_PERIOD_US}`);
  }
}

/** Lets groups below a folder have controllers. @throws Node's own errors; EBUSY where it has processes of its own */
export async function enableControllers(folder: string, controllers: ReadonlySet<string>): Promise<void> {
  const enabled = await words(folder, "cgroup.subtree_control");
  const wanted = [...controllers].filter((name) => !enabled.has(name));
  if (wanted.length > 0)
    await set(folder, "cgroup.subtree_control", wanted.map((name) => `+${name}`).join(" "));
}

/** The words of a file; none where it is not there. */
export async function words(folder: string, name: string): Promise<Set<string>> {
  const text = await readFile(join(folder, name), "utf8").catch((error: unknown) => {
    ignoreMissing(error);
    return "";
  });
  return new Set(text.split(/\s+/).filter((word) => word !== ""));
}

/** What the kernel has counted; nothing where a file is not there. */
export async function readEvents(folder: string): Promise<CgroupEvents> {
  const [memory, processes] = await Promise.all([
    counters(folder, "memory.events"),
    counters(folder, "pids.events"),
  ]);
  return {
    oomKills: memory.get("oom_kill") ?? 0,
    ooms: memory.get("oom") ?? 0,
    refusedForks: processes.get("max") ?? 0,
  };
}

/** Sets one file of a group. It makes none, and cuts none: the kernel has them there with the folder. */
export async function set(folder: string, name: string, value: string): Promise<void> {
  await writeFile(join(folder, name), value, { flag: constants.O_WRONLY | constants.O_TRUNC });
}

export function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}

async function counters(folder: string, name: string): Promise<Map<string, number>> {
  const text = await readFile(join(folder, name), "utf8").catch(() => "");
  return new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [key = "", value = "0"] = line.split(" ");
        return [key, Number(value)];
      }),
  );
}
