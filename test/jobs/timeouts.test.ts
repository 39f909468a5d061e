import { beforeEach, describe, expect, it } from "vitest";

import { Timeouts } from "../../src/jobs/timeouts.js";
import type { Session } from "../../src/session/state.js";
import { Beats } from "../../src/supervisor/beats.js";
import { Limits } from "../../src/supervisor/limits.js";
import { CONFIG, create, session } from "../session/samples.js";
import { LedgerBench, settled } from "../supervisor/ledgerBench.js";
import { ScriptedJournal } from "../supervisor/scriptedJournal.js";

let bench: LedgerBench<ScriptedJournal>;
let journal: ScriptedJournal;
let timeouts: Timeouts;
/** How many ends were asked for, in each turn of the loop in which there were some. */
let asked: number[];
let listener: (session: Session) => void;

beforeEach(() => {
  bench = new LedgerBench((onFailure) => new ScriptedJournal(onFailure));
  journal = bench.journal;
  asked = [];
  const { clock, registry, ledger } = bench;
  let isNewTurn = true;
  const limits = new Limits({
    clock,
    beats: new Beats(clock),
    record: (command) => {
      if (isNewTurn) {
        asked.push(0);
        isNewTurn = false;
        setImmediate(() => (isNewTurn = true));
      }
      asked[asked.length - 1] = (asked.at(-1) ?? 0) + 1;
      return ledger.submit(command, { isOwn: true });
    },
  });
  timeouts = new Timeouts({ clock, registry, limits, onSession: (given) => (listener = given) });
});

/** Everything on its way becomes durable, and the job hears of the sessions. */
async function sync(): Promise<void> {
  journal.sync();
  for (const { changes } of bench.committed.splice(0)) {
    for (const { value } of changes.sessions) if (value !== undefined) listener(value);
  }
  await settled();
}

async function createIdling(...sessionIds: readonly string[]): Promise<void> {
  const config = { ...CONFIG, idleTimeoutMs: 10_000 };
  for (const sessionId of sessionIds) bench.submit(create({ sessionId, config }));
  await sync();
}

/** A whole run of the job, the disk being quick. */
async function run(): Promise<void> {
  const running = timeouts.run();
  running.catch(() => undefined);
  for (let turn = 0; turn < 10; turn += 1) await sync();
  await running;
}

/** The first slice of a run that was begun has been judged. */
async function judged(): Promise<void> {
  await settled();
  await settled();
}

const statusOf = (sessionId: string): string | undefined =>
  bench.registry.committedSessions.get(sessionId)?.status;

describe("Timeouts", () => {
  it("hears first what waits in the sockets: what was read in a turn is carried out at its end", async () => {
    await createIdling("s");
    bench.clock.pass(10_000);
    const running = timeouts.run();
    setImmediate(() => bench.submit({ type: "session/touch", sessionId: "s" }));
    await running;
    expect(asked).toEqual([]);
  });

  it("ends a session when its limit has run out, and not before", async () => {
    await createIdling("s");
    bench.clock.pass(9_999);
    await run();
    expect(statusOf("s")).toBe("active");
    bench.clock.pass(1);
    await run();
    expect(bench.registry.committedSessions.get("s")).toMatchObject({
      status: "timed_out",
      endReason: "idle limit of 10000 ms",
    });
  });

  it("ends none that was touched a moment ago, although the disk has it not yet", async () => {
    await createIdling("s");
    bench.clock.pass(10_000);
    const touched = bench.submit({ type: "session/touch", sessionId: "s" });
    await timeouts.run();
    expect(asked).toEqual([]);
    await sync();
    expect(touched).toEqual({ answer: { seq: 2 } });
    bench.clock.pass(1_000);
    await run();
    expect(statusOf("s")).toBe("active");
    bench.clock.pass(9_000);
    await run();
    expect(statusOf("s")).toBe("timed_out");
  });

  it("comes back to one whose touch was refused by the disk, of which nobody tells", async () => {
    await createIdling("s");
    bench.clock.pass(10_000);
    bench.submit({ type: "session/touch", sessionId: "s" });
    await timeouts.run();
    journal.refuse();
    bench.clock.pass(1_000);
    await run();
    expect(statusOf("s")).toBe("timed_out");
  });

  it("judges no session by an update that is not durable yet", async () => {
    await createIdling("s");
    bench.clock.pass(5_000);
    bench.submit({ type: "session/touch", sessionId: "s" });
    await sync();
    bench.clock.pass(5_000);
    bench.submit({ type: "session/update", sessionId: "s", config: { lifetimeMs: 1 } });
    await timeouts.run();
    expect(asked).toEqual([]);
    journal.refuse();
    bench.clock.pass(5_000);
    await run();
    expect(bench.registry.committedSessions.get("s")?.endReason).toBe("idle limit of 10000 ms");
  });

  it("asks once for an end that is on its way to the disk", async () => {
    await createIdling("s");
    bench.clock.pass(10_000);
    const running = timeouts.run();
    await judged();
    bench.clock.pass(5_000);
    const again = timeouts.run();
    await again;
    expect(asked).toEqual([1]);
    await sync();
    await running;
    expect(statusOf("s")).toBe("timed_out");
  });

  it("lets others have their turn between slices, when very many are due at once", async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `s${index}`);
    const config = { ...CONFIG, idleTimeoutMs: 10_000 };
    const [createdAt, lastActivityUp] = [bench.clock.nowMs(), bench.clock.upMs()];
    for (const sessionId of ids)
      bench.registry.restoreSession(session({ sessionId, config, createdAt, lastActivityUp }));
    for (const one of bench.registry.committedSessions.values()) listener(one);
    bench.clock.pass(10_000);
    await run();
    expect(asked).toEqual([250, 250, 100]);
    expect(ids.map(statusOf)).toEqual(ids.map(() => "timed_out"));
  });

  it("fails where an end cannot be recorded, and tries again a second later, not at once", async () => {
    await createIdling("s", "other");
    bench.clock.pass(10_000);
    const running = timeouts.run();
    await judged();
    journal.refuse();
    await expect(running).rejects.toThrow(/ENOSPC/);
    await timeouts.run();
    expect(asked).toEqual([2]);
    bench.clock.pass(1_000);
    await run();
    expect([statusOf("s"), statusOf("other")]).toEqual(["timed_out", "timed_out"]);
  });

  it("arms all anew when the clock was set back", async () => {
    await createIdling("s");
    bench.clock.jump(-3_600_000);
    await run();
    bench.clock.pass(10_000);
    await run();
    expect(statusOf("s")).toBe("timed_out");
  });
});
