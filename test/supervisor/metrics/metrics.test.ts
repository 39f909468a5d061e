import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it, onTestFinished } from "vitest";

import type { Round } from "../../../src/sampling/sampler.js";
import type { SessionEvent } from "../../../src/session/events.js";
import type { Session } from "../../../src/session/state.js";
import { Metrics, type MetricsSettings } from "../../../src/supervisor/metrics/metrics.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { SteppedClock } from "../steppedClock.js";

const temporaryFolder = temporaryFolders();

const session = (sessionId: string, createdSeq = 1): Session =>
  ({
    sessionId,
    createdSeq,
    status: "active",
    createdAt: 900_000,
    config: {},
    commands: { total: 1 },
    invocations: {},
    totals: { invocations: 2, durationMs: 30 },
    activities: 3,
  }) as unknown as Session;

const FIGURES = { cpuPercent: 10, memoryBytes: 4_096, processes: 2 };

/** Metrics over processes that a test makes up. */
async function opened(settings?: MetricsSettings, dataDir?: string) {
  const folder = dataDir ?? (await temporaryFolder());
  const clock = new SteppedClock();
  const sessions = new Map([session("s"), session("t", 2)].map((each) => [each.sessionId, each]));
  const told: object[] = [];
  const say = (fields: object): void => void told.push(fields);
  let fault: Error | undefined;
  const running = new Set<string>();
  let rounds = 0;
  const round = (): Promise<Round> => {
    rounds += 1;
    if (fault !== undefined) return Promise.reject(fault);
    const commands = new Map([...running].map((id) => [`c-${id}`, { ...FIGURES, cpuMs: 70 }]));
    return Promise.resolve({ sessions: new Map([...running].map((id) => [id, FIGURES])), commands });
  };
  const metrics = new Metrics({
    sessions,
    metricsDir: join(folder, "metrics"),
    dataDir: folder,
    clock,
    settings,
    log: { debug: say, info: say, warn: say, error: say },
    sampler: { round, processes: () => Promise.resolve([]), reset: () => {} },
  });
  metrics.addRoots(() =>
    [...running].map((sessionId) => ({ sessionId, commandId: `c-${sessionId}`, pid: 1 })),
  );
  metrics.begin();
  onTestFinished(() => metrics.close(1_000));
  return {
    metrics,
    folder,
    clock,
    sessions,
    running,
    told,
    rounds: () => rounds,
    fail: (error: Error | undefined) => (fault = error),
    tick: async () => {
      clock.pass(5_000);
      await metrics.sample();
    },
  };
}

const NOTHING = { sessions: [], executions: [], removed: [], dropped: [], seq: 0 };

describe("metrics", () => {
  it("are measured while something runs, and once more after it", async () => {
    const { metrics, clock, running, rounds, tick } = await opened();
    let heard = 0;
    metrics.onSample(() => (heard += 1));
    await tick();
    expect([rounds(), heard, metrics.latest("s")]).toEqual([0, 0, undefined]);
    running.add("s");
    await tick();
    expect(metrics.latest("s")).toEqual({ at: clock.nowMs(), ...FIGURES });
    expect(metrics.latestCommand("c-s")).toEqual({ at: clock.nowMs(), ...FIGURES, cpuMs: 70 });
    expect(metrics.measured()).toEqual(["s"]);
    running.clear();
    await tick();
    expect(metrics.latest("s")).toMatchObject({ processes: 0, cpuPercent: 0, memoryBytes: 0 });
    expect(metrics.latestCommand("c-s")).toBeUndefined();
    await tick();
    expect([rounds(), heard]).toEqual([2, 2]);
    const { history } = await metrics.known(session("s"));
    expect(history.between(0, Infinity).map(({ processes }) => processes)).toEqual([2, 0]);
    const machine = await metrics.known(undefined);
    expect(machine.history.between(0, Infinity)).toHaveLength(2);
  });

  it("S2.6 outlive the daemon that measured them", async () => {
    const first = await opened();
    first.running.add("s");
    await first.tick();
    const killed = await opened(undefined, first.folder);
    killed.running.add("s");
    killed.clock.pass(5_000);
    await killed.tick();
    const { history } = await killed.metrics.known(session("s"));
    expect(history.between(0, Infinity)).toHaveLength(2);
  });

  it("cost nothing, and leave nothing on disk, where nothing runs or nobody wants them", async () => {
    const idle = await opened();
    await idle.tick();
    expect(await readdir(idle.folder)).toEqual([]);
    const off = await opened({ enabled: false, keepMs: 0 });
    off.running.add("s");
    await off.tick();
    expect([off.rounds(), off.metrics.latest("s"), off.metrics.isEnabled]).toEqual([0, undefined, false]);
  });

  it("count errors and invocations by the way, and put them to what is on disk at the next round", async () => {
    const { metrics, sessions, tick, folder } = await opened();
    const error = { type: "activity/recorded", sessionId: "s", data: { kind: "error", action: "a" } };
    const strange = { ...error, sessionId: "gone" };
    metrics.note({ events: [error, strange] as SessionEvent[], changes: NOTHING });
    expect((await metrics.known(sessions.get("s"))).tally.errors).toBe(1);
    metrics.note({ events: [error] as SessionEvent[], changes: NOTHING });
    await tick();
    expect((await metrics.known(sessions.get("s"))).tally.errors).toBe(2);
    expect(await readdir(join(folder, "metrics"))).toEqual(["s~1.json"]);
  });

  it("are gone with their session", async () => {
    const { metrics, sessions, running, tick, folder } = await opened();
    running.add("s");
    await tick();
    const gone = sessions.get("s");
    sessions.delete("s");
    running.clear();
    metrics.note({ events: [], changes: { ...NOTHING, removed: gone === undefined ? [] : [gone] } });
    await metrics.close(1_000);
    expect(await readdir(join(folder, "metrics"))).toEqual(["machine.json"]);
    expect(metrics.latest("s")).toBeUndefined();
  });

  it("S0.13 fail nobody: a round that fails is told, and the next one goes on", async () => {
    const { metrics, running, fail, tick } = await opened();
    running.add("s");
    fail(new Error("no more descriptors"));
    await expect(tick()).rejects.toThrow("no more descriptors");
    fail(undefined);
    await tick();
    expect(metrics.latest("s")).toMatchObject(FIGURES);
  });

  it("S0.13 that cannot be written are told once, and kept in memory", async () => {
    const folder = await temporaryFolder();
    const { metrics, running, tick, told } = await opened(undefined, join(folder, "not", "\0"));
    running.add("s");
    await tick();
    await tick();
    expect(metrics.latest("s")).toMatchObject(FIGURES);
    expect(told[0]).toMatchObject({ event: "metrics.trouble" });
  });

  it("S0.12 are in session_stats.json, once a minute where something has changed", async () => {
    const { running, tick, folder, clock, metrics } = await opened();
    const path = join(folder, "metrics", "session_stats.json");
    const read = async () => JSON.parse(await readFile(path, "utf8")) as Record<string, unknown>;
    running.add("s");
    await tick();
    await expect(read()).rejects.toThrow("ENOENT");
    clock.pass(60_000);
    await tick();
    const stats = await read();
    expect(stats).toMatchObject({
      generated_at: new Date(clock.nowMs()).toISOString(),
      total_sessions: 2,
      sessions: {
        s: {
          status: "active",
          duration_seconds: 170,
          cpu_percent: 10,
          memory_bytes: 4_096,
          processes: 2,
          activities: 3,
          average_response_ms: 15,
        },
        t: { status: "active" },
      },
    });
    expect(Object.keys(stats["system"] as object)).toContain("disk_free_bytes");
    running.clear();
    await tick();
    clock.pass(60_000);
    await tick();
    const later = await read();
    expect(later["generated_at"]).not.toBe(stats["generated_at"]);
    clock.pass(60_000);
    await tick();
    expect(await read()).toEqual(later);
    metrics.note({ events: [], changes: NOTHING });
    await tick();
    expect(await read()).not.toEqual(later);
  });
});
