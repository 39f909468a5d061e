import { existsSync } from "node:fs";
import { stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";

import { type Finding, limited, ok, trouble } from "./finding.js";

const MIB = 1_048_576;
const LITTLE_BYTES = 1_024 * MIB;
const TOO_LITTLE_BYTES = 64 * MIB;
/** Of statfs(2): file systems of which a lock or a sync may not hold what it promises, or nothing outlives a restart. */
const NETWORK = new Map([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB"],
]);
const TMPFS = 0x01021994;
const OTHERS_MAY = 0o077;

/** The disk under the data folder, which need not be there yet. */
export async function examineDisk({ dataDir }: { readonly dataDir: string }): Promise<Finding> {
  const there = nearest(dataDir);
  const { bavail, bsize, type } = await statfs(there);
  const freeBytes = bavail * bsize;
  const free = `${Math.floor(freeBytes / MIB).toLocaleString("en")} MiB free under ${dataDir}`;
  const makeRoom = "make room, or let old sessions go: sessiond cleanup";
  if (freeBytes < TOO_LITTLE_BYTES) return trouble("disk", `${free}: writes will be refused soon`, makeRoom);
  const network = NETWORK.get(type);
  if (network !== undefined)
    return trouble("disk", `${dataDir} is on ${network}`, "use a disk of this machine: --data-dir");
  if (there === dataDir && ((await stat(dataDir)).mode & OTHERS_MAY) !== 0)
    return trouble("disk", `others may look into ${dataDir}`, `chmod 700 ${dataDir}`);
  if (type === TMPFS)
    return limited("disk", `${dataDir} is in memory, and gone after a restart`, "use another: --data-dir");
  return freeBytes < LITTLE_BYTES ? limited("disk", free, makeRoom) : ok("disk", free);
}

/** Whether the kernel takes the path of the socket whole. */
export function examineSocket({ socket }: { readonly socket: string | undefined }): Finding {
  if (socket === undefined) return ok("socket", "this daemon has none");
  const most = process.platform === "linux" ? 107 : 103;
  const length = Buffer.byteLength(socket);
  if (length > most)
    return trouble(
      "socket",
      `${socket} has ${length} bytes, and ${most} can be`,
      "choose a shorter one: --socket",
    );
  return ok("socket", `${socket}, ${length} of ${most} bytes`);
}

function nearest(folder: string): string {
  return existsSync(folder) || folder === dirname(folder) ? folder : nearest(dirname(folder));
}
