import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { CgroupTree } from "./cgroupTree.js";
import { cgroupFolder, type CgroupView, NoCgroupError, openDelegated, viewOf } from "./delegation.js";
import { childrenOf } from "./treeUsage.js";

/** How long the service manager may take. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 20;

export interface ScopeParts {
  readonly view?: CgroupView;
  readonly pid?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
  /** Calls busctl. @throws Node's own errors, with what it said */
  readonly call?: (args: readonly string[]) => Promise<void>;
  readonly open?: typeof openDelegated;
}

/**
 * Has the user's service manager put the daemon into a scope of its own, whose cgroup is delegated to it, and opens that.
 * Only where it is in a scope already, as whatever was started at a terminal: to take it out of a service would take it
 * from whoever manages that.
 *
 * @param name of the daemon's part of the tree; the scope's name is made of it
 * @throws NoCgroupError where that is not to be had
 */
export async function openScope(name: string, parts: ScopeParts = {}): Promise<CgroupTree> {
  const {
    view = viewOf("self"),
    pid = process.pid,
    env = process.env,
    call = busctl,
    open = openDelegated,
  } = parts;
  const runtime = env["XDG_RUNTIME_DIR"] ?? `/run/user/${parts.uid ?? process.getuid?.() ?? 0}`;
  if (!existsSync(join(runtime, "systemd", "private")))
    throw new NoCgroupError("no service manager of this user runs");
  const here = basename(await cgroupFolder(view));
  if (!here.endsWith(".scope"))
    throw new NoCgroupError(
      `the daemon is in ${here || "no unit"}, which has to delegate its cgroup: Delegate=yes`,
    );
  const scope = `${name}-${pid}.scope`;
  // What it has started to start commands for it has to come along.
  await call(startScope(scope, [pid, ...(await childrenOf(pid))])).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new NoCgroupError(`the service manager gives no scope: ${why}`, { cause });
  });
  for (let leftMs = PATIENCE_MS; basename(await cgroupFolder(view)) !== scope; leftMs -= LOOK_MS) {
    if (leftMs <= 0) throw new NoCgroupError("the service manager did not move the daemon into its scope");
    await sleep(LOOK_MS);
  }
  return open(view, name, pid);
}

/** The call by which systemd makes a scope around processes. */
function startScope(scope: string, pids: readonly number[]): string[] {
  const manager = [
    "org.freedesktop.systemd1",
    "/org/freedesktop/systemd1",
    "org.freedesktop.systemd1.Manager",
  ];
  const properties = ["3", "PIDs", "au", String(pids.length), ...pids.map(String), "Delegate", "b", "true"];
  const description = ["Description", "s", "sessiond and its commands"];
  // Nothing goes with it, hence the 0 at the end.
  return ["--user", "call", ...manager, "StartTransientUnit", "ssa(sv)a(sa(sv))", scope, "fail"].concat(
    properties,
    description,
    "0",
  );
}

function busctl(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("busctl", args, { timeout: PATIENCE_MS }, (error, _, said) => {
      if (error === null) resolve();
      else reject(new Error(said === "" ? error.message : said));
    });
  });
}
