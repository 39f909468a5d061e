import { TOKEN_VARIABLE } from "../environment.js";
import { findByToken, isSame, type ProcessIdentity } from "../identity.js";
import { readStat } from "../proc.js";
import { signalGroup, stopGroup } from "../stop.js";
import type { Ending, Supervised } from "../supervised.js";
import { readIntent } from "./intent.js";

interface Kept {
  readonly folder: string;
  readonly pid: number;
  readonly identity: ProcessIdentity | undefined;
  readonly ended: Promise<Ending>;
  /** Resolves when its keeper is gone; false where it was gone before anybody followed it. */
  readonly gone: Promise<boolean>;
  /** From SIGTERM to SIGKILL for what it leaves behind, unless somebody wants it sooner. */
  readonly graceMs: number;
}

/**
 * The hands of a keeper that is a script: it waits and writes down, and has no way to be told anything. So the daemon
 * signals the group of the command by itself, as long as that is proved to be this command's.
 */
export function shellHands(kept: Kept): Pick<Supervised, "signal" | "stop" | "gone"> {
  const { pid, identity } = kept;
  let graceMs = kept.graceMs;
  let isOver = false;
  let isClearing = false;
  void kept.ended.then(() => (isOver = true));
  // Its pid is its own until sh has collected it, which is when it ends.
  const isThere = (): boolean => !isOver && identity !== undefined && isSame(identity);
  const clear = async (): Promise<void> => {
    isClearing = (await kept.gone) || (await hasToken(kept));
    if (isClearing) await stopGroup(pid, { graceMs });
    isClearing = false;
  };
  return {
    gone: clear().catch(() => undefined),
    signal: (signal) => {
      if (isThere()) signalGroup(pid, signal);
    },
    stop: (wantedMs) => {
      graceMs = Math.min(graceMs, wantedMs);
      if (isThere() || isClearing) void stopGroup(pid, { graceMs: wantedMs });
    },
  };
}

/**
 * Whether somebody in the group has the token of the command. Nobody knows when its leader ended, so the number may be
 * that of another group by now.
 */
async function hasToken({ folder, pid }: Pick<Kept, "folder" | "pid">): Promise<boolean> {
  if (!signalGroup(pid, 0)) return false;
  const token = (await readIntent(folder))?.env[TOKEN_VARIABLE];
  if (token === undefined) return false;
  const carriers = (await findByToken(TOKEN_VARIABLE, new Set([token]))).get(token) ?? [];
  for (const carrier of carriers) if ((await readStat(carrier))?.groupId === pid) return true;
  return false;
}
