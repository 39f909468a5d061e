import { beforeEach, describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { RetentionRuns } from "../../src/supervisor/retentionRuns.js";
import { session } from "../session/samples.js";
import { LedgerBench, settled } from "./ledgerBench.js";
import { ScriptedJournal } from "./scriptedJournal.js";

const ALL = { archiveAfterMs: 1, deleteAfterMs: 1 };

let bench: LedgerBench<ScriptedJournal>;
let submitted: { readonly command: Command; readonly isOwn: boolean | undefined }[];
let said: object[];
let runs: RetentionRuns;

function open(ages?: typeof ALL): RetentionRuns {
  const { registry, journal, clock, ledger } = bench;
  const log = {
    debug: () => {},
    info: (fields: object) => void said.push(fields),
    warn: () => {},
    error: () => {},
  };
  return new RetentionRuns({
    registry,
    journal,
    clock,
    log,
    ages,
    submit: (command, options) => {
      submitted.push({ command, isOwn: options.isOwn });
      return ledger.submit(command, options);
    },
  });
}

beforeEach(() => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  submitted = [];
  said = [];
  runs = open(ALL);
});

/** Sessions that ended; time passes afterwards. */
async function end(...sessionIds: readonly string[]): Promise<void> {
  for (const sessionId of sessionIds) {
    bench.create(sessionId);
    bench.submit({ type: "session/end", sessionId, status: "completed" });
  }
  bench.journal.sync();
  await settled();
  bench.clock.pass(10);
}

/** More sessions that ended than go into one slice. */
function fillSlices(): void {
  for (let index = 0; index < 300; index += 1) {
    const ended = { sessionId: `s${index}`, status: "completed", endedAt: 0 } as const;
    bench.registry.restoreSession(session(ended));
  }
}

/** A whole run, the disk being quick. */
async function during<T>(running: Promise<T>): Promise<T> {
  running.catch(() => undefined);
  for (let turn = 0; turn < 10; turn += 1) {
    await settled();
    bench.journal.sync();
  }
  return running;
}

describe("RetentionRuns", () => {
  it("S0.10 takes one step a run, and says nothing where nothing is due", async () => {
    await end("a");
    bench.create("b");
    bench.journal.sync();
    expect(await during(runs.run({}))).toMatchObject({ archived: ["a"], deleted: [], deletedCount: 0 });
    expect(await during(runs.run({}))).toMatchObject({ archived: [], deleted: ["a"], deletedCount: 1 });
    expect(await during(runs.run({}))).toMatchObject({ archivedCount: 0, deletedCount: 0 });
    expect([...bench.registry.committedSessions.keys()]).toEqual(["b"]);
    expect(said).toHaveLength(2);
  });

  it("does the same once for two runs at a time", async () => {
    await end("a");
    const [first, second] = [runs.run({}), runs.run({})];
    expect([await during(first), await second]).toMatchObject([{ archivedCount: 1 }, { archivedCount: 0 }]);
    expect(submitted).toHaveLength(1);
  });

  it("does nothing without ages, and nothing but to look in a dry run", async () => {
    await end("a");
    expect(await during(open().run({}))).toMatchObject({ archivedCount: 0 });
    expect(await during(open().run({ archiveAfterMs: 10, dryRun: true }))).toEqual({
      archived: ["a"],
      archivedCount: 1,
      deleted: [],
      deletedCount: 0,
      dryRun: true,
    });
    expect([submitted, said]).toEqual([[], []]);
  });

  it("refuses a caller on a full disk, and takes one slice of the reserve for itself", async () => {
    fillSlices();
    bench.journal.state = "full";
    await expect(during(runs.run({}))).rejects.toMatchObject({ refusal: { type: "journal_unavailable" } });
    expect(bench.events).not.toContain("session/archived");
    submitted = [];
    await expect(during(runs.runOwn())).rejects.toMatchObject({ refusal: { type: "journal_unavailable" } });
    expect(submitted).toHaveLength(250);
    expect(submitted.every(({ isOwn }) => isOwn === true)).toBe(true);
    expect(await during(runs.run({ dryRun: true }))).toMatchObject({ dryRun: true });
  });

  it("is broken off between two slices by a stop", async () => {
    fillSlices();
    const called = runs.run({});
    const own = runs.runOwn();
    called.catch(() => undefined);
    await settled();
    runs.close();
    await during(own);
    await expect(called).rejects.toMatchObject({ refusal: { type: "shutting_down" } });
    expect(submitted.length).toBeLessThanOrEqual(250);
  });
});
