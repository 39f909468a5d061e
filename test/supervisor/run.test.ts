import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { startChild } from "../../src/process/child.js";
import { OutputGauge } from "../../src/process/output.js";
import type { Command } from "../../src/session/commands.js";
import type { ExecutionLimits } from "../../src/session/state.js";
import { Run } from "../../src/supervisor/run.js";
import { execution } from "../session/samples.js";
import { until } from "../support/until.js";

type End = Extract<Command, { type: "command/report-end" }>;

interface Scene {
  readonly run: Run;
  /** Lets the start go on, which waits for it. */
  readonly letStart: () => void;
  /** Sets the wall clock. */
  readonly jump: (ms: number) => void;
  readonly reports: readonly Command[];
  readonly ended: () => Promise<End["outcome"]>;
}

/** A run of a script, held where its output is prepared: its process is about to be started. */
async function launching(script: string, limits: Partial<ExecutionLimits> = {}): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), "sessiond-test-run-"));
  const gauge = new OutputGauge({ intervalMs: 10, onError: () => undefined });
  let isPreparing = false;
  let letStart = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letStart = resolve));
  const reports: Command[] = [];
  const paths = { stdoutPath: join(folder, "out"), stderrPath: join(folder, "err") };
  let offsetMs = 0;
  const asked = execution({ argv: ["sh", "-c", script], attempt: 0, process: undefined });
  const run = new Run(
    { ...asked, limits: { ...asked.limits, ...limits } },
    { env: { PATH: process.env["PATH"] ?? "" } },
    {
      gauge,
      nowMs: () => Date.now() + offsetMs,
      chance: () => 0,
      hold: () => Promise.resolve(undefined),
      start: (_, request) => startChild(request),
      stopLost: () => Promise.resolve(),
      prepare: () => {
        isPreparing = true;
        return gate.then(() => paths);
      },
      sizes: () => Promise.resolve({ stdoutBytes: 0, stderrBytes: 0 }),
      report: (command) => void reports.push(command),
      onGrowth: () => undefined,
      cpuMs: () => Promise.resolve(undefined),
      lastBeatAt: () => undefined,
    },
  );
  const found = (): End | undefined => reports.find((one) => one.type === "command/report-end");
  onTestFinished(async () => {
    letStart();
    run.stop("daemon_stopped", 0);
    await until("the end", found);
    run.close();
    gauge.close();
    await rm(folder, { recursive: true });
  });
  run.begin();
  await until("the preparing", () => isPreparing);
  return {
    run,
    letStart,
    jump: (ms) => void (offsetMs += ms),
    reports,
    ended: async () => (await until("the end", found)).outcome,
  };
}

describe("a signal while the process is being started", () => {
  it("is sent as it was asked for, once there is a process", async () => {
    for (const signal of ["SIGKILL", "SIGINT"] as const) {
      const { run, letStart, ended } = await launching("exec sleep 100");
      run.signal(signal, { ends: true });
      letStart();
      expect(await ended()).toEqual({ cause: "signalled", exitCode: undefined, signal });
    }
  });

  it("brings SIGKILL after the time that the call wants", async () => {
    // A signal that nothing minds, so that only the time can end it.
    const { run, letStart, ended } = await launching("exec sleep 100");
    run.signal("SIGURG", { ends: true, graceMs: 100 });
    letStart();
    expect((await ended()).signal).toMatch(/SIGTERM|SIGKILL/);
  });

  it("is sent also where it does not end the command", async () => {
    const { run, letStart, ended } = await launching("exec sleep 100");
    run.signal("SIGUSR1", { ends: false });
    letStart();
    expect(await ended()).toEqual({ cause: "exited", exitCode: undefined, signal: "SIGUSR1" });
  });

  it("does not stand in the way of a stop", async () => {
    const { run, letStart, ended } = await launching("exec sleep 100");
    run.signal("SIGURG", { ends: true });
    run.stop("session_ended");
    letStart();
    expect(await ended()).toEqual({ cause: "signalled", exitCode: undefined, signal: "SIGTERM" });
  });
});

describe("the stall limit", () => {
  it("does not take a wall clock that is set for silence", async () => {
    const script = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.05; done";
    const { letStart, jump, reports, ended } = await launching(script, { stallTimeoutMs: 400 });
    letStart();
    await until("the start", () => reports.length > 0);
    jump(3_600_000);
    expect(await ended()).toEqual({ cause: "exited", exitCode: 0, signal: undefined });
  });

  it("finds silence also when the wall clock is set back", async () => {
    const { letStart, jump, reports, ended } = await launching("exec sleep 100", { stallTimeoutMs: 200 });
    letStart();
    await until("the start", () => reports.length > 0);
    jump(-3_600_000);
    expect(await ended()).toMatchObject({ cause: "stalled", signal: "SIGTERM" });
  });
});
