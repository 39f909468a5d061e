import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { openDelegated } from "../../../src/process/resources/delegation.js";
import { openScope, type ScopeParts } from "../../../src/process/resources/scope.js";
import { PlainGroups } from "./plainGroups.js";

const PID = process.pid;
const SCOPE = `sessiond-1-${PID}.scope`;

/** A daemon in a group, and a service manager that does what it is asked, or refuses. */
async function scene(
  path: string,
  isManaged = true,
): Promise<{ groups: PlainGroups; calls: string[][]; parts: ScopeParts }> {
  const groups = await PlainGroups.open();
  const runtime = join(groups.root, "..", "run");
  await mkdir(join(runtime, "systemd"), { recursive: true });
  if (isManaged) await writeFile(join(runtime, "systemd", "private"), "");
  const view = await groups.view(path);
  const calls: string[][] = [];
  const call = async (args: readonly string[]): Promise<void> => {
    calls.push([...args]);
    await groups.make(join(groups.root, SCOPE));
    await writeFile(join(groups.root, SCOPE, "cgroup.controllers"), "memory pids\n");
    await groups.view(`/${SCOPE}`);
  };
  const open: ScopeParts["open"] = (...args) => openDelegated(args[0], args[1], args[2], groups);
  return { groups, calls, parts: { view, env: { XDG_RUNTIME_DIR: runtime }, pid: PID, call, open } };
}

describe("openScope", () => {
  it("asks for a scope with a delegated cgroup, and has the daemon's groups in there", async () => {
    const { groups, calls, parts } = await scene("/session-3.scope");
    const tree = await openScope("sessiond-1", parts);
    const [args = []] = calls;
    expect(args.slice(0, 2)).toEqual(["--user", "call"]);
    expect(args.slice(5, 9)).toEqual(["StartTransientUnit", "ssa(sv)a(sa(sv))", SCOPE, "fail"]);
    expect(args[args.indexOf("PIDs") + 3]).toBe(String(PID));
    expect(args.slice(args.indexOf("Delegate"))).toEqual([
      "Delegate",
      "b",
      "true",
      "Description",
      "s",
      "sessiond and its commands",
      "0",
    ]);
    expect(tree.holds({ memoryBytes: 1 })).toBe(true);
    const own = await tree.make({ sessionId: "s", name: "t-1", session: {}, command: { processes: 3 } });
    expect(own).toBe(join(groups.root, SCOPE, "sessiond-1", "session-s", "command-t-1"));
  });

  it("leaves a daemon alone that is in a service, or that nobody manages", async () => {
    const service = await scene("/sessiond.service");
    await expect(openScope("sessiond-1", service.parts)).rejects.toThrow(
      "in sessiond.service, which has to delegate",
    );
    const unmanaged = await scene("/session-3.scope", false);
    await expect(openScope("sessiond-1", unmanaged.parts)).rejects.toThrow(
      "no service manager of this user runs",
    );
    expect([...service.calls, ...unmanaged.calls]).toEqual([]);
  });

  it("says what the service manager said", async () => {
    const { parts } = await scene("/session-3.scope");
    const call = (): Promise<never> => Promise.reject(new Error("Call failed: Access denied\n"));
    await expect(openScope("sessiond-1", { ...parts, call })).rejects.toThrow(
      "gives no scope: Call failed: Access",
    );
    // There is no such program, or no bus to call on.
    const { call: _, ...real } = parts;
    const env = { ...real.env, DBUS_SESSION_BUS_ADDRESS: "unix:path=/not/there" };
    await expect(openScope("sessiond-1", { ...real, env })).rejects.toThrow("gives no scope");
  });
});
