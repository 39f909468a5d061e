import { dirname, isAbsolute, join, resolve } from "node:path";

/** What decides where the socket lies. */
export interface SocketSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's numeric id: it keeps the users of one temporary folder apart. */
  readonly uid: number;
  /** The folder for temporary files, as `os.tmpdir()` answers it. */
  readonly tmpdir: string;
}

/** Bytes of a socket path that the kernel keeps; it cuts a longer one without a word. */
export function maxSocketPathBytes(platform: NodeJS.Platform): number {
  return platform === "linux" ? 107 : 103;
}

/**
 * The socket on which the daemon of this user is found when nobody says otherwise: `SESSIOND_SOCKET`, else the
 * one of the data folder in `SESSIOND_DATA_DIR`, else the standard one. An empty variable counts as unset.
 * The file loads nothing but Node's own, because the client takes its default from here too.
 */
export function defaultSocketPath(surroundings: SocketSurroundings): string {
  const { env } = surroundings;
  const chosen = env["SESSIOND_SOCKET"];
  if (chosen !== undefined && chosen !== "") return chosen;
  const dataDir = env["SESSIOND_DATA_DIR"];
  return dataDir === undefined || dataDir === ""
    ? standardSocket(surroundings)
    : socketOfData(surroundings, dataDir);
}

/**
 * The socket of the daemon whose data folder nobody chose: `$XDG_RUNTIME_DIR/sessiond/sessiond.sock` on Linux,
 * else `<tmpdir>/sessiond-<uid>/sessiond.sock`. A relative `XDG_RUNTIME_DIR` is ignored, as the XDG Base
 * Directory Specification demands: it would mean another place to every process.
 */
export function standardSocket({ env, platform, uid, tmpdir }: SocketSurroundings): string {
  const runtime = env["XDG_RUNTIME_DIR"];
  if (platform === "linux" && runtime !== undefined && isAbsolute(runtime)) {
    return join(runtime, "sessiond", "sessiond.sock");
  }
  return join(tmpdir, `sessiond-${uid}`, "sessiond.sock");
}

/**
 * The socket of a data folder that somebody chose. It has one of its own, because two daemons on two data
 * folders must not meet at one socket: inside the folder where the kernel takes a path of that length, else
 * beside the standard socket under a name made from the folder's path.
 */
export function socketOfData(surroundings: SocketSurroundings, dataDir: string): string {
  const inside = join(resolve(dataDir), "sessiond.sock");
  if (Buffer.byteLength(inside) <= maxSocketPathBytes(surroundings.platform)) return inside;
  // Rarely needed, and larger than all else that a short call of the command line loads.
  const { createHash } = process.getBuiltinModule("node:crypto");
  const name = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return join(dirname(standardSocket(surroundings)), `${name}.sock`);
}
