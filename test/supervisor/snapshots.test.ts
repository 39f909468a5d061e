import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { ContentHold } from "../../src/supervisor/contentHold.js";
import { Leftovers } from "../../src/supervisor/leftovers.js";
import { Snapshots } from "../../src/supervisor/snapshots.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

type Parts = ConstructorParameters<typeof Snapshots>[0];

const newFolder = temporaryFolders();
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** All that a snapshot at a stop looks at, well and empty, and how many were taken. */
function stopping(changes: {
  readonly isWorthIt?: boolean;
  readonly hold?: ContentHold;
  readonly isLinking?: boolean;
  readonly isBringingBack?: boolean;
  readonly isSettled?: boolean;
  readonly areSaved?: boolean;
  readonly isNeverSaved?: boolean;
  readonly failure?: Error;
}): { readonly snapshots: Snapshots; readonly taken: (AbortSignal | undefined)[]; readonly told: object[] } {
  const {
    isWorthIt = true,
    hold = new ContentHold(),
    isLinking = false,
    isBringingBack = false,
    isSettled = true,
    areSaved = true,
    isNeverSaved = false,
  } = changes;
  const taken: (AbortSignal | undefined)[] = [];
  const told: object[] = [];
  const parts = {
    registry: {
      committedSessions: new Map(),
      committedExecutions: new Map(),
      things: { committed: () => [] },
    },
    keys: { remembered: () => [] },
    bodies: { entries: () => [], areSaved, save: () => Promise.resolve() },
    checkpoints: {
      entries: () => [],
      saveDue: () => (isNeverSaved ? new Promise<void>(() => undefined) : undefined),
    },
    placements: { isSettled },
    journal: {
      isWorthSnapshotAtStop: isWorthIt,
      snapshot: (_: unknown, signal?: AbortSignal) => {
        taken.push(signal);
        return changes.failure === undefined ? Promise.resolve(1) : Promise.reject(changes.failure);
      },
    },
    hold,
    links: { isBusy: isLinking },
    archiver: { isBringingBack },
    log: { ...SILENT, info: (fields: object) => void told.push(fields) },
  };
  return { snapshots: new Snapshots(parts as unknown as Parts), taken, told };
}

describe("a snapshot", () => {
  it("is taken also where what it could do without cannot be saved in time", async () => {
    const { snapshots, taken } = stopping({ isNeverSaved: true });
    await snapshots.write();
    expect(taken).toHaveLength(1);
  });
});

describe("a snapshot at a stop", () => {
  it("is taken where all is done, and within a time", async () => {
    const { snapshots, taken } = stopping({});
    await snapshots.writeAtStop();
    expect(taken).toEqual([expect.any(AbortSignal)]);
  });

  it("is not taken where it is not worth it, or the next start has to find something in the journal", async () => {
    const failed = new ContentHold();
    await failed.removal(() => Promise.reject(new Error("EACCES"))).catch(() => undefined);
    const removing = new ContentHold();
    let end = (): void => undefined;
    const removal = removing.removal(() => new Promise<void>((resolve) => (end = resolve)));
    const cases = [
      { isWorthIt: false },
      { isLinking: true },
      { isSettled: false },
      { areSaved: false },
      { hold: failed },
      { isBringingBack: true },
      { hold: removing },
    ];
    for (const changes of cases) {
      const { snapshots, taken } = stopping(changes);
      await snapshots.writeAtStop();
      expect(taken).toEqual([]);
    }
    end();
    await removal;
    const { snapshots, taken } = stopping({ hold: removing });
    await snapshots.writeAtStop();
    expect(taken).toHaveLength(1);
  });

  it("is not taken where the stop came before what deleted sessions had left was removed", async () => {
    const contentDir = await newFolder();
    await mkdir(join(contentDir, "gone~7"));
    const hold = new ContentHold();
    const leftovers = new Leftovers({ contentDir, hold, log: SILENT });
    leftovers.begin([{ sessionId: "gone", createdSeq: 7 }]);
    await leftovers.close();
    const { snapshots, taken } = stopping({ hold });
    await snapshots.writeAtStop();
    expect(taken).toEqual([]);
  });

  it("that is given up is told, and fails nothing", async () => {
    const { snapshots, told } = stopping({ failure: new Error("no time") });
    await snapshots.writeAtStop();
    expect(told).toEqual([expect.objectContaining({ event: "snapshot.given_up" })]);
  });
});
