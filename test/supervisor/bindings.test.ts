import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";

import { readIdentity } from "../../src/process/identity.js";
import type { Command } from "../../src/session/commands.js";
import type { Binding, Execution, Session } from "../../src/session/state.js";
import { Bindings } from "../../src/supervisor/bindings.js";
import { execution, session } from "../session/samples.js";

/** A process, and what a session that is bound to it has. */
async function bindable(): Promise<{ readonly binding: Binding; readonly end: () => Promise<void> }> {
  const child = spawn("sleep", ["1000"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const identity = readIdentity(child.pid ?? 0);
  if (identity === undefined) throw new Error("this system has no /proc");
  const binding = { ...identity, name: "sleep", onExit: "fail", boundAt: 1, gone: undefined } as const;
  const end = async (): Promise<void> => {
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return { binding, end };
}

interface Scene {
  readonly bindings: Bindings;
  readonly records: Command[];
  readonly warnings: string[];
  /** What the next record meets. */
  readonly disk: { error: Error | undefined };
}

function scene(sessions: readonly Session[] = []): Scene {
  const records: Command[] = [];
  const warnings: string[] = [];
  const disk = { error: undefined as Error | undefined };
  const log = { info: () => {}, debug: () => {}, error: () => {}, trace: () => {}, fatal: () => {} };
  const bindings = new Bindings({
    registry: {
      committedSessions: new Map(sessions.map((one) => [one.sessionId, one])),
      committedExecutions: new Map<string, Execution>(),
    },
    record: (command) => {
      if (disk.error !== undefined) return Promise.reject(disk.error);
      records.push(command);
      return Promise.resolve();
    },
    log: { ...log, warn: (_: object, message: string) => void warnings.push(message) },
  });
  return { bindings, records, warnings, disk };
}

describe("a look at the processes that sessions are bound to", () => {
  it("reports those that are gone, and no others", async () => {
    const [alive, dead] = [await bindable(), await bindable()];
    const { bindings, records } = scene([
      session({ sessionId: "a", binding: alive.binding }),
      session({ sessionId: "d", binding: dead.binding }),
      session({ sessionId: "free" }),
      session({ sessionId: "over", status: "failed", endedAt: 1, binding: dead.binding }),
    ]);
    await bindings.begin();
    expect(records).toEqual([]);
    await dead.end();
    await bindings.look();
    const { pid, startTicks, bootId } = dead.binding;
    const gone = { type: "session/process-gone", pid, startTicks, bootId, isOfEarlierBoot: false };
    expect(records).toEqual([{ ...gone, sessionId: "d" }]);
  });

  it("reports until it is recorded, and not after", async () => {
    const { binding, end } = await bindable();
    const { bindings, records, disk } = scene();
    bindings.note(session({ binding }));
    await end();
    disk.error = new Error("the disk is full");
    await expect(bindings.look()).rejects.toThrow("the disk is full");
    disk.error = undefined;
    await bindings.look();
    expect(records).toHaveLength(1);
    bindings.note(session({ status: "failed", endedAt: 1, binding }));
    await bindings.look();
    expect(records).toHaveLength(1);
  });

  it("does not keep a daemon from its start by trouble of its own", async () => {
    const { binding, end } = await bindable();
    const { bindings, disk, warnings } = scene([session({ binding })]);
    await end();
    disk.error = new Error("the disk is full");
    await bindings.begin();
    expect(warnings).toHaveLength(1);
  });

  it("takes one of another start, or of an earlier boot, for gone", async () => {
    const { binding } = await bindable();
    const { bindings, records } = scene();
    bindings.note(
      session({ sessionId: "reused", binding: { ...binding, startTicks: binding.startTicks - 1 } }),
    );
    bindings.note(session({ sessionId: "boot", binding: { ...binding, bootId: "before" } }));
    await bindings.look();
    expect(records).toMatchObject([
      { sessionId: "reused", isOfEarlierBoot: false },
      { sessionId: "boot", isOfEarlierBoot: true },
    ]);
  });

  it("looks at the process that was bound last, and at none that was let go", async () => {
    const [first, second] = [await bindable(), await bindable()];
    const { bindings, records } = scene();
    bindings.note(session({ binding: first.binding }));
    bindings.note(session({ binding: second.binding }));
    await first.end();
    await bindings.look();
    bindings.note(session());
    await second.end();
    await bindings.look();
    expect(records).toEqual([]);
  });

  it("takes its time over many, and does not miss one", async () => {
    const { binding, end } = await bindable();
    const { bindings, records } = scene();
    for (let index = 0; index < 250; index += 1) bindings.note(session({ sessionId: `s${index}`, binding }));
    await bindings.look();
    expect(records).toEqual([]);
    await end();
    await bindings.look();
    expect(records).toHaveLength(250);
  });
});

describe("a process that is a command", () => {
  it("has the end of the command, which may be a while in coming", async () => {
    const { binding, end } = await bindable();
    const { pid, startTicks, bootId } = binding;
    const running = execution({ process: { pid, startTicks, bootId } });
    const commands = new Map([["c", running]]);
    const records: Command[] = [];
    const bindings = new Bindings({
      registry: { committedSessions: new Map<string, Session>(), committedExecutions: commands },
      record: (command) => Promise.resolve(void records.push(command)),
      log: { warn: () => {} } as never,
    });
    bindings.note(session({ sessionId: "a", binding }));
    await end();
    await bindings.look();
    expect(records).toEqual([]);
    commands.set("c", { ...running, status: "failed", exitCode: 7 });
    await bindings.look();
    expect(records).toMatchObject([{ sessionId: "a", exitCode: 7 }]);
    // One that never tells is not waited for for ever.
    commands.set("c", running);
    bindings.note(session({ sessionId: "b", binding: { ...binding } }));
    bindings.note(session({ sessionId: "a" }));
    for (let look = 0; look < 20; look += 1) await bindings.look();
    expect(records[1]).toMatchObject({ sessionId: "b" });
    expect(records[1]).not.toHaveProperty("exitCode");
  });
});
