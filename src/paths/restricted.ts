import { posix, win32 } from "node:path";

import type { Platform } from "./finding.js";

/** A place that no session has business in, and why. */
export interface Restricted {
  readonly path: string;
  readonly reason: string;
}

const SYSTEM = "it belongs to the system";

/** Where a system keeps itself. What lies in `OPEN` is free all the same. */
const CLOSED: Readonly<Record<Platform, readonly string[]>> = {
  linux: "/bin /boot /dev /etc /lib /lib32 /lib64 /libx32 /proc /run /sbin /sys /usr /var".split(" "),
  macos:
    "/System /Library /bin /sbin /usr /dev /cores /etc /var /private/etc /private/var /private/tftpboot".split(
      " ",
    ),
  windows: [
    "C:\\Windows",
    "C:\\Program Files",
    "C:\\Program Files (x86)",
    "C:\\ProgramData",
    "C:\\System Volume Information",
    "C:\\$Recycle.Bin",
    "C:\\Recovery",
    "C:\\Boot",
  ],
};

const OPEN: Readonly<Record<Platform, readonly string[]>> = {
  linux: "/dev/shm /run/user /run/media /usr/local/src /usr/src /var/tmp /var/www".split(" "),
  macos: "/private/var/folders /private/var/tmp /var/folders /var/tmp /usr/local".split(" "),
  windows: [],
};

/** Folders of a home in which keys lie. */
const KEYS = [".ssh", ".gnupg", ".aws", ".kube", ".docker", ".password-store", ".config/gcloud"];

export interface RestrictionOptions {
  /** Homes whose keys are closed. */
  readonly homes: readonly string[];
  /** Closed as well: places of the daemon's own, and those that the operator names. */
  readonly closed: readonly Restricted[];
  /** Open whatever else says: by the operator. */
  readonly open: readonly string[];
}

/**
 * Why a place is closed; undefined where it is open. The most exact of all entries decides, and an open one before a
 * closed one of the same path. The root itself is closed, and nothing in it for that alone.
 *
 * @param path absolute, in the form of that platform, without `..`
 */
export function restrictionOf(
  path: string,
  platform: Platform,
  { homes, closed, open }: RestrictionOptions,
): Restricted | undefined {
  const rules = platform === "windows" ? win32 : posix;
  const { root } = rules.parse(path);
  const clean = rules.normalize(path);
  if (clean === root) return { path: root, reason: "it is the root of everything" };
  const keys = homes.flatMap((home) => KEYS.map((name) => rules.join(home, name)));
  const entries: (Restricted & { readonly isOpen: boolean })[] = [
    ...[...OPEN[platform], ...open].map((place) => ({ path: place, reason: "", isOpen: true })),
    ...CLOSED[platform].map((place) => ({ path: place, reason: SYSTEM, isOpen: false })),
    ...keys.map((place) => ({ path: place, reason: "keys lie there", isOpen: false })),
    ...closed.map((entry) => ({ ...entry, isOpen: false })),
  ];
  let nearest: (typeof entries)[number] | undefined;
  for (const entry of entries)
    if (isIn(clean, entry.path, platform) && entry.path.length > (nearest?.path.length ?? 0)) nearest = entry;
  return nearest === undefined || nearest.isOpen ? undefined : { path: nearest.path, reason: nearest.reason };
}

/** Whether a path is that folder or lies in it. Windows and macOS make no difference between capitals and others. */
function isIn(path: string, folder: string, platform: Platform): boolean {
  const rules = platform === "windows" ? win32 : posix;
  const fold = (text: string): string => (platform === "linux" ? text : text.toLowerCase());
  const relative = rules.relative(fold(folder), fold(path));
  return (
    relative === "" ||
    !(relative === ".." || relative.startsWith(`..${rules.sep}`) || rules.isAbsolute(relative))
  );
}
