import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { keeperProgram } from "../process/keeper/program.js";
import { lookAtDelegation } from "../process/resources/delegation.js";
import { type Finding, limited, ok } from "./finding.js";

const CHECK_MS = 5_000;

/** What a keeper does, and what there is without one. */
const WITHOUT = "commands end with the daemon, and of a command's processes only its group is stopped";

/** Whether commands get a keeper. */
export async function examineKeeper(
  { outliveDaemon }: { readonly outliveDaemon: boolean },
  program: string | undefined = keeperProgram(),
): Promise<Finding> {
  if (process.platform !== "linux")
    return limited("keeper", `there is none on ${process.platform}: ${WITHOUT}`, "run it on Linux");
  if (program === undefined)
    return limited(
      "keeper",
      `it is not there: ${WITHOUT}`,
      "install a C compiler (gcc, libc6-dev) and build again",
    );
  // With nothing to read it ends at once, which shows that it runs on this machine at all.
  const why = await reasonNotToRun(program);
  if (why !== undefined)
    return limited(
      "keeper",
      `${program} does not run (${why}): ${WITHOUT}`,
      "build it again on this machine",
    );
  if (!outliveDaemon)
    return limited("keeper", `it is there and not used: ${WITHOUT}`, "set commands.outliveDaemon to true");
  return ok("keeper", `${program}: commands outlive the daemon, and are stopped with all that they began`);
}

/** Why a program does not run, undefined where it does. It finds nothing to read. */
function reasonNotToRun(program: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(program, { timeout: CHECK_MS }, (error) => resolve(error?.message.trim()));
    child.stdin?.on("error", () => undefined).end();
  });
}

const SAMPLED =
  "limits of memory and processes are held by looking every 250 ms, the processor's are not held";

/** Whether the kernel can hold limits. */
export async function examineCgroup(look = lookAtDelegation): Promise<Finding> {
  const { folder, controllers, obstacle } = await look();
  if (obstacle !== undefined)
    return limited(
      "cgroup",
      `${obstacle}; ${SAMPLED}`,
      "start the daemon as a service with Delegate=yes, or by: systemd-run --user -p Delegate=yes sessiond start",
    );
  const missing = ["memory", "pids", "cpu"].filter((name) => !controllers.includes(name));
  const held = `v2 at ${folder ?? ""}, with ${controllers.join(", ")}`;
  if (missing.length > 0)
    return limited(
      "cgroup",
      `${held}; not ${missing.join(", ")}`,
      `delegate ${missing.join(" and ")} as well`,
    );
  return ok("cgroup", `${held}: the kernel holds limits`);
}

/** Whether a service manager of the user's runs. */
export function examineServiceManager({
  env,
  uid,
}: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}): Finding {
  const runtime = env["XDG_RUNTIME_DIR"] ?? `/run/user/${uid}`;
  if (existsSync(join(runtime, "systemd", "private")))
    return ok(
      "systemd",
      "a service manager of this user runs: it can start the daemon, and delegate cgroups to it",
    );
  return limited(
    "systemd",
    "no service manager of this user runs: nobody starts the daemon again, and nobody delegates cgroups",
    "log in through PAM, or: loginctl enable-linger",
  );
}
