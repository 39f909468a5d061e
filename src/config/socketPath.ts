import { isAbsolute, join } from "node:path";

/** What decides where the standard socket lies. */
export interface SocketSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's numeric id: it keeps the users of one temporary folder apart. */
  readonly uid: number;
  /** The folder for temporary files, as `os.tmpdir()` answers it. */
  readonly tmpdir: string;
}

/**
 * The socket on which the daemon of this user is found when nobody says otherwise: `SESSIOND_SOCKET`, else
 * `$XDG_RUNTIME_DIR/sessiond/sessiond.sock` on Linux, else `<tmpdir>/sessiond-<uid>/sessiond.sock`.
 *
 * A relative `XDG_RUNTIME_DIR` is ignored, as the XDG Base Directory Specification demands: it would mean
 * another place to every process. An empty variable counts as unset. The file loads nothing but `node:path`,
 * because the client takes its default from here too.
 */
export function defaultSocketPath({ env, platform, uid, tmpdir }: SocketSurroundings): string {
  const chosen = env["SESSIOND_SOCKET"];
  if (chosen !== undefined && chosen !== "") return chosen;
  const runtime = env["XDG_RUNTIME_DIR"];
  if (platform === "linux" && runtime !== undefined && isAbsolute(runtime)) {
    return join(runtime, "sessiond", "sessiond.sock");
  }
  return join(tmpdir, `sessiond-${uid}`, "sessiond.sock");
}
