import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { parentOf } from "../proc.js";
import { type CgroupFolders, enableControllers, ignoreMissing, KERNEL, set, words } from "./cgroupFiles.js";
import { CgroupTree, controllersOf } from "./cgroupTree.js";

/** The group that the daemon goes into itself: one whose groups have controllers may have no processes of its own. */
const OWN_GROUP = "sessiond.daemon";

/** No group of the kernel is to be had, and why, for a person. */
export class NoCgroupError extends Error {
  override readonly name = "NoCgroupError";
}

/** Where a process is in the tree of groups: what is read of it is a parameter, so that a test can have its own. */
export interface CgroupView {
  readonly mountinfo: string;
  readonly cgroup: string;
}

/** That of a process. */
export function viewOf(pid: number | "self"): CgroupView {
  return { mountinfo: "/proc/self/mountinfo", cgroup: `/proc/${pid}/cgroup` };
}

/** The folder of the cgroup v2 that a process is in. @throws NoCgroupError where there is none */
export async function cgroupFolder(view: CgroupView): Promise<string> {
  const mountinfo = await readFile(view.mountinfo, "utf8").catch(() => "");
  const cgroup = await readFile(view.cgroup, "utf8").catch(() => "");
  const mount = mountinfo
    .split("\n")
    .map((line) => line.split(" "))
    .find((fields) => fields[fields.indexOf("-") + 1] === "cgroup2");
  const path = cgroup
    .split("\n")
    .find((line) => line.startsWith("0::"))
    ?.slice("0::".length);
  const [, , , root = "/", point] = mount ?? [];
  if (point === undefined || path === undefined) throw new NoCgroupError("there is no cgroup v2 mounted");
  const within = root !== "/" && path.startsWith(root) ? path.slice(root.length) : path;
  return join(decoded(point), within.replace(/ \(deleted\)$/, ""));
}

/**
 * Opens the groups of a daemon below the group that a process is in, which has to be the daemon's own.
 *
 * @param name of its part of the tree: daemons with other data folders may be beside it
 * @throws NoCgroupError where the kernel does not let it
 */
export async function openDelegated(
  view: CgroupView,
  name: string,
  pid: number = process.pid,
  folders: CgroupFolders = KERNEL,
): Promise<CgroupTree> {
  const here = await cgroupFolder(view);
  const root = basename(here) === OWN_GROUP ? dirname(here) : here;
  const controllers = await controllersOf(root);
  if (!controllers.has("memory") && !controllers.has("pids"))
    throw new NoCgroupError(`the kernel's cgroup v2 at ${root} has neither the memory nor the pids controller`);
  try {
    await leave(root, pid, folders);
    await enableControllers(root, controllers);
    const folder = join(root, name);
    await folders.make(folder).catch(ignoreThere);
    await enableControllers(folder, controllers);
    return new CgroupTree(folder, controllers, folders);
  } catch (error) {
    if (error instanceof NoCgroupError) throw error;
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new NoCgroupError(`the cgroup at ${root} is not the daemon's to divide (${code})`, { cause: error });
  }
}

/** Moves what is in a group, and is the daemon's own, into one below it. The root of all groups may keep its processes. */
async function leave(root: string, pid: number, folders: CgroupFolders): Promise<void> {
  const isRootOfAll = (await words(root, "cgroup.type")).size === 0;
  const pids = [...(await words(root, "cgroup.procs"))].map(Number);
  if (isRootOfAll || pids.length === 0) return;
  for (const one of pids)
    if (!(await isOwn(one, pid)))
      throw new NoCgroupError(`the daemon shares the cgroup ${root} with other processes, such as ${one}`);
  const own = join(root, OWN_GROUP);
  await folders.make(own).catch(ignoreThere);
  for (const one of pids) await set(own, "cgroup.procs", String(one)).catch(ignoreGone);
}

/** Whether a process is the daemon, or descends from it; one that is gone is nobody's. */
async function isOwn(pid: number, daemon: number): Promise<boolean> {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = await parentOf(at))
    if (at === daemon) return true;
  return (await parentOf(pid)) === undefined;
}

function ignoreThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

function ignoreGone(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ESRCH") ignoreMissing(error);
}

/** Spaces and the like stand as octal numbers in mountinfo. */
function decoded(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));
}
