import { beforeEach, describe, expect, it } from "vitest";

import type { Command } from "../../../src/session/commands.js";
import type { Session } from "../../../src/session/state.js";
import { NOTHING_GOES, type RetentionSettings } from "../../../src/supervisor/retention/policy.js";
import { RetentionRuns } from "../../../src/supervisor/retention/runs.js";
import { session } from "../../session/samples.js";
import { LedgerBench, settled } from "../ledgerBench.js";
import { ScriptedJournal } from "../scriptedJournal.js";

const ALL: RetentionSettings = { ...NOTHING_GOES, archiveAfterMs: 1, deleteAfterMs: 1 };
/** What a run says where nothing goes. */
const NOTHING = { archivedCount: 0, trashedCount: 0, deletedCount: 0, totalBytes: 0, deletedBytes: 0 };

let bench: LedgerBench<ScriptedJournal>;
let submitted: { readonly command: Command; readonly isOwn: boolean | undefined }[];
let said: object[];
let measured: string[];
let runs: RetentionRuns;

function open(
  settings?: RetentionSettings,
  isSpared: (session: Session) => boolean = () => false,
): RetentionRuns {
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
    settings,
    isSpared,
    heldBytes: {
      prepare: () => Promise.resolve(),
      of: async ({ sessionId }) => {
        measured.push(sessionId);
        return sessionId.length * 10;
      },
    },
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
  measured = [];
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
    const [step] = (await during(runs.run({ dryRun: true }))).sessions;
    expect(step).toEqual({
      sessionId: "a",
      action: "archive",
      reason: "retention.archiveAfterMs",
      sizeBytes: 10,
    });
    expect(await during(runs.run({}))).toEqual({
      ...NOTHING,
      sessions: [step],
      archivedCount: 1,
      totalBytes: 10,
      dryRun: false,
    });
    expect(await during(runs.run({}))).toMatchObject({
      sessions: [{ sessionId: "a", action: "delete" }],
      deletedCount: 1,
      deletedBytes: 10,
    });
    expect(await during(runs.run({}))).toEqual({ ...NOTHING, sessions: [], dryRun: false });
    expect([...bench.registry.committedSessions.keys()]).toEqual(["b"]);
    expect(said).toMatchObject([{ archivedCount: 1 }, { deletedCount: 1, deletedBytes: 10 }]);
  });

  it("B.7 puts into the trash, and empties it by a later run", async () => {
    runs = open({ ...NOTHING_GOES, trashAfterMs: 5, policies: [{ match: {}, action: "trash" }] });
    await end("a");
    expect(await during(runs.run({}))).toMatchObject({ trashedCount: 1 });
    expect(await during(runs.run({}))).toMatchObject(NOTHING);
    bench.clock.pass(10);
    expect(await during(runs.run({ trashAfterMs: 0 }))).toMatchObject(NOTHING);
    expect(await during(runs.run({}))).toMatchObject({ deletedCount: 1, deletedBytes: 10 });
    expect(bench.registry.committedSessions.size).toBe(0);
  });

  it("does the same once for two runs at a time", async () => {
    await end("a");
    const [first, second] = [runs.run({}), runs.run({})];
    expect([await during(first), await second]).toMatchObject([{ archivedCount: 1 }, { archivedCount: 0 }]);
    expect(submitted).toHaveLength(1);
  });

  it("S4.4 spares what somebody needs, and what something happened to since it was looked at", async () => {
    await end("a", "b", "c");
    runs = open(ALL, ({ sessionId }) => sessionId === "b");
    const running = runs.run({});
    // Its pin is on its way to the disk.
    bench.submit({ type: "session/pin", sessionId: "a" });
    expect(await during(running)).toMatchObject({ sessions: [{ sessionId: "c" }], archivedCount: 1 });
    expect(await during(runs.run({ dryRun: true }))).toMatchObject({
      sessions: [{ sessionId: "c", action: "delete" }],
    });
  });

  it("measures all where a quota is set, those of a policy that keeps bytes, and else those that go", async () => {
    await end("a", "bb");
    bench.create("alive");
    bench.journal.sync();
    await settled();
    bench.submit({ type: "session/pin", sessionId: "bb" });
    bench.journal.sync();
    await settled();
    await during(open(ALL).run({ dryRun: true }));
    expect(measured.splice(0)).toEqual(["a"]);
    const keeping = { match: {}, keep: { totalBytes: 5 }, action: "trash" as const };
    const byKeep = await during(open({ ...NOTHING_GOES, policies: [keeping] }).run({ dryRun: true }));
    expect(byKeep).toMatchObject({ trashedCount: 1, totalBytes: 10, deletedBytes: 0 });
    expect(measured.splice(0)).toEqual(["a"]);
    const byQuota = await during(open({ ...NOTHING_GOES, maxTotalBytes: 79 }).run({ dryRun: true }));
    expect(byQuota.sessions).toEqual([
      { sessionId: "a", action: "trash", reason: "retention.maxTotalBytes", sizeBytes: 10 },
    ]);
    expect(measured.splice(0).sort()).toEqual(["a", "alive", "bb"]);
    expect((await during(open({ ...NOTHING_GOES, maxTotalBytes: 80 }).run({}))).sessions).toEqual([]);
  });

  it("does nothing without settings, and nothing but to look in a dry run", async () => {
    await end("a");
    expect(await during(open().run({}))).toMatchObject(NOTHING);
    expect(await during(open().run({ archiveAfterMs: 10, dryRun: true }))).toMatchObject({
      archivedCount: 1,
      dryRun: true,
    });
    expect([submitted, said]).toEqual([[], []]);
  });

  it("B.7 answers what is in force, the ages behind the policies", () => {
    const policies = [{ match: { tags: ["ci"] }, keep: { count: 3 }, action: "trash" as const }];
    expect(open({ ...ALL, policies, trashAfterMs: 7, maxSessions: 8, maxTotalBytes: 9 }).policy).toEqual({
      policies: [
        { ...policies[0], reason: "retention.policies[0]" },
        {
          match: { archived: false, olderThanMs: 1 },
          action: "archive",
          reason: "retention.archiveAfterMs",
        },
        { match: { archived: true, olderThanMs: 1 }, action: "delete", reason: "retention.deleteAfterMs" },
      ],
      trashAfterMs: 7,
      maxSessions: 8,
      maxTotalBytes: 9,
    });
    expect(open().policy).toEqual({ policies: [], trashAfterMs: 0, maxSessions: 0, maxTotalBytes: 0 });
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
