import { beforeEach, describe, expect, it } from "vitest";

import { cleanUpChains } from "../../../src/supervisor/chains/cleanup.js";
import type { SubmitOptions } from "../../../src/supervisor/ledger.js";
import { LedgerBench, settled } from "../ledgerBench.js";
import { ScriptedJournal } from "../scriptedJournal.js";

let bench: LedgerBench<ScriptedJournal>;
let own: (boolean | undefined)[];
beforeEach(() => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  own = [];
});

function append(agentId: string): void {
  bench.submit({ type: "chain/append", agentId, entry: { sessionId: "x", prompt: "?" } });
  bench.journal.sync();
}

async function cleanUp(options: Parameters<typeof cleanUpChains>[1]) {
  const { registry, clock, journal, ledger } = bench;
  const submit = (command: Parameters<typeof ledger.submit>[0], how: SubmitOptions = {}) => {
    own.push(how.isOwn);
    return ledger.submit(command, how);
  };
  const running = cleanUpChains({ registry, clock, journal, submit }, options);
  running.catch(() => undefined);
  for (let turn = 0; turn < 5; turn += 1) {
    await settled();
    journal.sync();
  }
  return running;
}

const count = (agentId: string): number | undefined =>
  bench.registry.things.chains.committed.get(agentId)?.count;

describe("the clean-up of chains", () => {
  it("S3.2 drops what is old of each agent, but for the current one, and once", async () => {
    append("a");
    append("a");
    append("b");
    bench.clock.pass(100);
    append("a");
    expect(await cleanUp({ afterMs: 50, dryRun: true })).toEqual({ agents: 1, dropped: 2, dryRun: true });
    expect(own).toEqual([]);
    const [first, second] = [cleanUp({ afterMs: 50 }), cleanUp({ afterMs: 50, isOwn: true })];
    expect(await first).toEqual({ agents: 1, dropped: 2, dryRun: false });
    expect(await second).toMatchObject({ dropped: 0 });
    expect([count("a"), count("b")]).toEqual([1, 1]);
    expect(await cleanUp({ afterMs: 0 })).toMatchObject({ dropped: 0 });
    expect(own).toEqual([false]);
  });

  it("takes one slice of the reserve for the daemon's own run, and nothing for a caller's", async () => {
    for (let index = 0; index < 300; index += 1) {
      append(`agent ${index}`);
      append(`agent ${index}`);
    }
    bench.clock.pass(100);
    bench.journal.state = "full";
    const refused = { refusal: { type: "journal_unavailable" } };
    await expect(cleanUp({ afterMs: 50 })).rejects.toMatchObject(refused);
    expect(bench.events).not.toContain("chain/trimmed");
    own = [];
    await expect(cleanUp({ afterMs: 50, isOwn: true })).rejects.toMatchObject(refused);
    expect(own).toHaveLength(250);
  });
});
