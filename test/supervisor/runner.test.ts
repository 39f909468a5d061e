import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

import { PlainFiles } from "../../src/content/plainFiles.js";
import type { Command } from "../../src/session/commands.js";
import { ContentHold } from "../../src/supervisor/contentHold.js";
import { Launcher } from "../../src/supervisor/launcher.js";
import { Runner } from "../../src/supervisor/runner.js";
import { execution } from "../session/samples.js";
import { until } from "../support/until.js";
import { LedgerBench, settled } from "./ledgerBench.js";
import { ScriptedJournal } from "./scriptedJournal.js";

let bench: LedgerBench<ScriptedJournal>;
let journal: ScriptedJournal;
let runner: Runner;
let recorded: Command[];
let told: string[];
/** Whether reports are taken. */
let isFull: boolean;

beforeEach(async () => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  journal = bench.journal;
  [recorded, told, isFull] = [[], [], false];
  const contentDir = await mkdtemp(join(tmpdir(), "sessiond-test-runner-"));
  runner = new Runner({
    registry: bench.registry,
    contentDir,
    hold: new ContentHold(),
    files: new PlainFiles(),
    clock: bench.clock,
    launcher: new Launcher({
      keeper: undefined,
      runningDir: join(contentDir, "running"),
      log: { warn: (_, what) => told.push(what) },
    }),
    // Nothing is limited here.
    resources: {
      prepare: () => Promise.resolve(undefined),
      resume: () => undefined,
      sessionChanged: () => Promise.resolve(),
      close: () => undefined,
    },
    record: (command) => {
      if (isFull) return Promise.reject(new Error("ENOSPC"));
      recorded.push(command);
      return bench.ledger.submit(command, { isOwn: true });
    },
    onError: (error, what) => told.push(`${String(error)}: ${what}`),
    onRecovery: (what) => told.push(what),
  });
  onTestFinished(async () => {
    isFull = false;
    const closing = runner.close({ graceMs: 0, patienceMs: 5_000, commands: "stop" });
    await until("the end of all", async () => {
      sync();
      await settled();
      return bench.registry.liveCount === 0;
    });
    sync();
    await closing;
    await rm(contentDir, { recursive: true });
  });
  bench.create("s");
  sync();
});

/** So many records become durable; all of them if nothing is said. */
function sync(count?: number): void {
  journal.sync(count);
  for (const committed of bench.committed.splice(0)) runner.effects(committed);
}

function start(commandId: string, argv: readonly string[]): void {
  const { name, limits, retry } = execution();
  const env = { PATH: process.env["PATH"] ?? "" };
  const fields = { commandId, name, argv, cwd: "/", token: commandId, limits, retry };
  const command = { type: "command/start", sessionId: "s", ...fields } as const;
  void runner.withInputs(command, { env }, () => bench.ledger.submit(command)).catch(() => undefined);
}

const isRunning = (commandId: string) => (): boolean => {
  sync();
  return bench.registry.execution(commandId)?.status === "running";
};

describe("a command whose acceptance becomes durable", () => {
  it("runs although the end of its session was asked for, and refused by the disk", async () => {
    start("c", ["sleep", "100"]);
    const ended = bench.submit({ type: "session/end", sessionId: "s", status: "completed" });
    sync(1);
    journal.refuse();
    await settled();
    expect(ended).toEqual({ refused: "journal_unavailable" });
    await until("the start", isRunning("c"));
  });

  it("never starts where that end becomes durable with it", async () => {
    start("c", ["sleep", "100"]);
    bench.submit({ type: "session/end", sessionId: "s", status: "completed" });
    await until("the end", () => {
      sync();
      return bench.registry.execution("c")?.status === "cancelled";
    });
    expect(recorded.map(({ type }) => type)).toEqual(["command/report-end"]);
    expect(bench.registry.execution("c")?.cause).toBe("session_ended");
  });

  it("never starts where it was signalled meanwhile: stopping does not wait for the disk", async () => {
    start("c", ["sleep", "100"]);
    bench.submit({ type: "command/signal", commandId: "c", signal: "SIGTERM" });
    sync(1);
    await until("the end", () => recorded.length > 0);
    expect(recorded).toMatchObject([{ type: "command/report-end", outcome: { cause: "signalled" } }]);
  });
});

describe("reports that cannot be recorded", () => {
  it("are told of once, and once more when they are recorded", async () => {
    isFull = true;
    for (const commandId of ["a", "b"]) start(commandId, ["true"]);
    sync();
    await until("the failure", () => told.length > 0);
    // Long enough for further tries of both.
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect(told).toEqual(["Error: ENOSPC: A command's report could not be recorded; it is given again"]);
    isFull = false;
    await until("the ends", () => {
      sync();
      return ["a", "b"].every((commandId) => bench.registry.execution(commandId)?.status === "succeeded");
    });
    await settled();
    expect(told.slice(1)).toEqual(["The reports of commands are recorded again"]);
  });
});
