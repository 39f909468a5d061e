import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { KEEPER_NAME, parentOf, readComm } from "../proc.js";
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
  return resolve(join(decoded(point), within.replace(/ \(deleted\)$/, "")));
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
    throw new NoCgroupError(
      `the kernel's cgroup v2 at ${root} has neither the memory nor the pids controller`,
    );
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
    throw new NoCgroupError(`the cgroup at ${root} is not the daemon's to divide (${code})`, {
      cause: error,
    });
  }
}

/** What there is to hold commands by, and what stands in the way. */
export interface DelegationLook {
  readonly folder?: string;
  readonly controllers: readonly string[];
  readonly obstacle?: string;
}

/** Looks what a daemon in the place of this process could have, and changes nothing. */
export async function lookAtDelegation(view: CgroupView = viewOf("self")): Promise<DelegationLook> {
  try {
    const here = await cgroupFolder(view);
    const folder = basename(here) === OWN_GROUP ? dirname(here) : here;
    const controllers = [...(await controllersOf(folder))];
    const obstacle = await obstacleIn(folder, controllers);
    return { folder, controllers, ...(obstacle === undefined ? {} : { obstacle }) };
  } catch (error) {
    return { controllers: [], obstacle: error instanceof Error ? error.message : String(error) };
  }
}

async function obstacleIn(folder: string, controllers: readonly string[]): Promise<string | undefined> {
  if (controllers.length === 0) return `cgroup v2 at ${folder} has none of memory, pids and cpu`;
  for (const name of ["cgroup.procs", "cgroup.subtree_control"]) {
    const why = await access(join(folder, name), constants.W_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code ?? String(error),
    );
    if (why !== undefined) return `the cgroup ${folder} is not this user's to divide (${why})`;
  }
  const others = await strangersIn(folder, process.pid);
  return others === undefined ? undefined : shared(folder, others);
}

function shared(folder: string, pid: number): string {
  return `the cgroup ${folder} has other processes in it, such as ${pid}`;
}

/** A process in a group that could have to move, and is not ours to move. */
async function strangersIn(root: string, daemon: number): Promise<number | undefined> {
  if ((await words(root, "cgroup.type")).size === 0) return undefined;
  for (const pid of await words(root, "cgroup.procs"))
    if (!(await isOwn(Number(pid), daemon))) return Number(pid);
  return undefined;
}

/** Moves what is in a group, and is the daemon's own, into one below it. The root of all groups may keep its processes. */
async function leave(root: string, pid: number, folders: CgroupFolders): Promise<void> {
  const stranger = await strangersIn(root, pid);
  if (stranger !== undefined) throw new NoCgroupError(shared(root, stranger));
  const isRootOfAll = (await words(root, "cgroup.type")).size === 0;
  const pids = [...(await words(root, "cgroup.procs"))];
  if (isRootOfAll || pids.length === 0) return;
  const own = join(root, OWN_GROUP);
  await folders.make(own).catch(ignoreThere);
  for (const one of pids) await set(own, "cgroup.procs", one).catch(ignoreGone);
}

/** Whether a process is the daemon, or descends from it or from a keeper of an earlier one; one that is gone is nobody's. */
async function isOwn(pid: number, daemon: number): Promise<boolean> {
  for (let at: number | undefined = pid; at !== undefined && at > 0; at = await parentOf(at))
    if (at === daemon || (await readComm(at)) === KEEPER_NAME) return true;
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
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
}
