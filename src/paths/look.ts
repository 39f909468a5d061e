import { constants } from "node:fs";
import { access, lstat, realpath, stat, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

import { error, type Finding, warning } from "./finding.js";

/** What a path has to be good for. */
export type Need = "read" | "write" | "execute" | "file" | "folder";

/** What the disk says of a path. */
export interface Look {
  readonly exists: boolean;
  /** Of what a link leads to. */
  readonly kind?: "file" | "folder" | "other";
  readonly isLink: boolean;
  /** Without links; of what is missing, below the nearest folder that is there. */
  readonly resolvedPath?: string;
  /** What this process may do there: with a file, or in a folder. Of what is missing: in the nearest folder. */
  readonly permissions?: { readonly read: boolean; readonly write: boolean; readonly execute: boolean };
  readonly disk?: { readonly freeBytes: number; readonly totalBytes: number };
  readonly findings: readonly Finding[];
}

export interface LookOptions {
  readonly needs: readonly Need[];
  /** Whether it may still have to be made. */
  readonly mayBeMissing: boolean;
  /** Below it space is short. */
  readonly lowSpaceBytes: number;
}

/** Looks at a path, and makes nothing. Never rejects: what cannot be looked at is a finding. */
export async function lookAt(path: string, options: LookOptions): Promise<Look> {
  const link = await attempt(lstat(path));
  if ("code" in link) {
    if (link.code === "ENOENT" || link.code === "ENOTDIR") return lookAtMissing(path, link.code, options);
    const finding = link.code === "ELOOP" ? loop : hidden(link.code);
    return { exists: false, isLink: false, findings: [finding] };
  }
  const isLink = link.value.isSymbolicLink();
  const target = isLink ? await attempt(stat(path)) : link;
  if ("code" in target) {
    const dangling = error("dangling_link", "it is a link to something that is not there");
    const finding =
      target.code === "ELOOP" ? loop : target.code === "ENOENT" ? dangling : hidden(target.code);
    return { exists: false, isLink, findings: [finding] };
  }
  const kind = target.value.isFile() ? "file" : target.value.isDirectory() ? "folder" : "other";
  const resolved = await attempt(realpath(path));
  const permissions = await permissionsOf(path);
  const disk = await diskOf(path);
  const findings = [
    ...checkKind(kind, options.needs),
    ...checkPermissions(permissions, options.needs),
    ...checkSpace(disk, options.lowSpaceBytes),
  ];
  return {
    exists: true,
    kind,
    isLink,
    ...("value" in resolved ? { resolvedPath: resolved.value } : {}),
    permissions,
    ...(disk === undefined ? {} : { disk }),
    findings,
  };
}

const loop = error("link_loop", "its links lead round in a circle");

function hidden(code: string): Finding {
  return error("not_readable", `it cannot be looked at (${code})`);
}

/** Nothing is there: what would be made lies below the nearest folder that is. */
async function lookAtMissing(path: string, code: string, options: LookOptions): Promise<Look> {
  const nearest = await nearestFolder(dirname(path));
  const finding =
    code === "ENOTDIR" || nearest === undefined
      ? error("missing", "it is not there, and cannot be: something on the way to it is no folder")
      : options.mayBeMissing
        ? undefined
        : error("missing", "it is not there");
  if (nearest === undefined) return { exists: false, isLink: false, findings: finding ? [finding] : [] };
  const permissions = await permissionsOf(nearest.path);
  const disk = await diskOf(nearest.path);
  const isWritable = permissions.write && permissions.execute;
  const cannotBeMade = error("not_writable", `it is not there, and ${nearest.path} takes no new entry`);
  return {
    exists: false,
    isLink: false,
    resolvedPath: join(nearest.resolved, path.slice(nearest.path.length)),
    permissions,
    ...(disk === undefined ? {} : { disk }),
    findings: [
      ...(finding === undefined ? [] : [finding]),
      ...(finding === undefined && !isWritable ? [cannotBeMade] : []),
      ...checkSpace(disk, options.lowSpaceBytes),
    ],
  };
}

async function nearestFolder(
  path: string,
): Promise<{ readonly path: string; readonly resolved: string } | undefined> {
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await attempt(stat(folder));
    if ("value" in found) {
      if (!found.value.isDirectory()) return undefined;
      const resolved = await attempt(realpath(folder));
      return { path: folder, resolved: "value" in resolved ? resolved.value : folder };
    }
    if (found.code !== "ENOENT" || basename(folder) === "") return undefined;
  }
}

async function permissionsOf(path: string): Promise<NonNullable<Look["permissions"]>> {
  const may = async (mode: number): Promise<boolean> => "value" in (await attempt(access(path, mode)));
  return {
    read: await may(constants.R_OK),
    write: await may(constants.W_OK),
    execute: await may(constants.X_OK),
  };
}

async function diskOf(path: string): Promise<Look["disk"] | undefined> {
  const found = await attempt(statfs(path));
  if ("code" in found) return undefined;
  const { bavail, blocks, bsize } = found.value;
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

function checkKind(kind: NonNullable<Look["kind"]>, needs: readonly Need[]): Finding[] {
  const found = kind === "other" ? "neither file nor folder" : `a ${kind}`;
  if (needs.includes("folder") && kind !== "folder")
    return [error("not_a_folder", `a folder is needed, and it is ${found}`)];
  if (needs.includes("file") && kind !== "file")
    return [error("not_a_file", `a file is needed, and it is ${found}`)];
  return [];
}

function checkPermissions(
  { read, write, execute }: NonNullable<Look["permissions"]>,
  needs: readonly Need[],
): Finding[] {
  const findings: Finding[] = [];
  if (needs.includes("read") && !read) findings.push(error("not_readable", "it may not be read"));
  if (needs.includes("write") && !write) findings.push(error("not_writable", "it may not be written to"));
  if (needs.includes("execute") && !execute)
    findings.push(error("not_executable", "it may be neither executed nor entered"));
  return findings;
}

function checkSpace(disk: Look["disk"], lowSpaceBytes: number): Finding[] {
  // A system that is made by the kernel, /proc say, has no size, and nothing to run out of.
  if (disk === undefined || disk.totalBytes === 0 || disk.freeBytes >= lowSpaceBytes) return [];
  const freeMib = Math.floor(disk.freeBytes / 1_048_576);
  return [warning("low_space", `the disk that it is on has ${freeMib} MiB left`)];
}

type Attempt<T> = { readonly value: T } | { readonly code: string };

async function attempt<T>(work: Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work };
  } catch (caught) {
    return { code: (caught as NodeJS.ErrnoException).code ?? "unknown" };
  }
}
