import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { passing, within } from "../support/until.js";
import { CAMPAIGN } from "./campaign.js";
import { type Caller, clientCaller, PeerCaller, QUICK } from "./caller.js";
import { Random } from "./random.js";
import { Recoveries } from "./recoveries.js";
import { Watcher } from "./watcher.js";
import { verifyFinished, verifyKept, verifySession } from "./verify.js";
import { Writer } from "./writer.js";
import type { AnsweredCall, WrittenSession } from "./written.js";

const { cycles: CYCLES, seed: SEED } = CAMPAIGN;
const WRITERS = 8;
/** Small enough that snapshots and removals of segments are under way when it is killed. */
const CONFIG = {
  journal: { segmentBytes: 65_536, minimumSnapshotBytes: 32_768, keepMs: 0, keepBytes: 4_194_304 },
  // Not an hour: that many keys would be all that a start has to do.
  idempotency: { keepMs: 120_000 },
};
/** Older calls are not repeated: their keys might be forgotten by the time the daemon reads them. */
const REPEATED_WITHIN_MS = 60_000;

const random = new Random(SEED);
const recoveries = new Recoveries();
let daemon: TestDaemon;
let writers: Writer[];
let callers: Caller[];
let writing: Promise<void>[];
let watcher: Watcher;

beforeAll(async () => {
  daemon = await TestDaemon.open({ config: CONFIG });
  const folder = join(daemon.folder, "commands");
  await mkdir(folder);
  callers = [];
  for (let index = 0; index < WRITERS; index += 1) {
    callers.push(index % 2 === 0 ? await clientCaller(daemon) : new PeerCaller(daemon));
  }
  writers = callers.map(
    (caller, index) => new Writer({ name: `w${index}`, caller, random: random.fork(), folder }),
  );
  watcher = new Watcher((await daemon.client({ retry: QUICK })).events({ sinceSeq: 0 }));
  writing = [...writers.map((writer) => writer.run()), watcher.run()];
});

afterAll(async () => {
  for (const writer of writers) writer.stop();
  watcher.stop();
  await Promise.allSettled(callers.map((caller) => caller.close()));
  await Promise.allSettled(writing);
  await daemon.close();
});

/** A failed writer fails the test at once, and not as a silence at its end. */
function orFailedWriter(work: Promise<void>): Promise<void> {
  const failures = Promise.all(writing).then(() => work);
  return Promise.race([work, failures]);
}

/** Commands that were acknowledged, each with its session. */
function commandsOf(sessions: readonly WrittenSession[]): [commandId: string, WrittenSession][] {
  return sessions.flatMap((session) => {
    return session.commands.flatMap(({ commandId }) => {
      return commandId === undefined ? [] : [[commandId, session] as [string, WrittenSession]];
    });
  });
}

/** The sessions that were written to of late, and a few of the older ones. */
function someSessions(all: readonly WrittenSession[]): WrittenSession[] {
  const recent = all.slice(-2);
  return [...recent, ...random.sample(all.slice(0, -2), 2)];
}

async function expectSameAnswers(peer: Peer, calls: readonly AnsweredCall[]): Promise<void> {
  for (const { method, params, answer, answeredMs } of calls) {
    if (performance.now() - answeredMs > REPEATED_WITHIN_MS) continue;
    const { result } = await peer.ask({ method, params });
    expect(result, `${method} ${JSON.stringify(params)}`).toEqual(answer);
  }
}

/** Starts the daemon; kills it again and again while it recovers, as chance has it. */
async function startThroughCrashes(): Promise<void> {
  for (let kills = 0; kills < 3 && random.chance(0.3); kills += 1) {
    const process = daemon.spawn();
    await passing(random.between(0, recoveries.typicalMs));
    await process.kill();
  }
  const process = daemon.spawn();
  recoveries.add(await process.ready(), performance.now() - process.startedMs);
}

async function cycle(): Promise<void> {
  await passing(random.between(0, 350));
  const before = commandsOf(writers.flatMap(({ sessions }) => sessions.slice(-2)));
  await daemon.kill();
  await startThroughCrashes();
  const peer = await daemon.peer();
  for (const [commandId, session] of before) await verifyKept(peer, commandId, session);
  // Chosen before anything is waited for: else the same seed would not give the same choice.
  const looks = writers.map(({ sessions, calls }) => {
    return { sessions: someSessions(sessions), calls: [...calls.slice(-1), ...random.sample(calls, 2)] };
  });
  await Promise.all(
    looks.map(async ({ sessions, calls }) => {
      await expectSameAnswers(peer, calls);
      for (const session of sessions) await verifySession(peer, session);
    }),
  );
  peer.close();
}

describe(`kill -9, ${CYCLES} times, with ${WRITERS} writers`, () => {
  it(
    "B.9 B.5 S1.9 what was acknowledged is there exactly once, and a repeated call gets its first answer",
    async () => {
      let done = 0;
      try {
        for (; done < CYCLES; done += 1) await orFailedWriter(cycle());
        for (const writer of writers) writer.stop();
        await within("the last answers", Promise.all(writing.slice(0, WRITERS)), 60_000);
        const peer = await daemon.peer();
        // The last event by which the watcher knows that it has seen them all.
        const { seq } = await peer.call("session/create");
        await within("the last event", watcher.reached(seq), 60_000);
        for (const { sessions, calls } of writers) {
          await expectSameAnswers(peer, calls);
          for (const session of sessions) await verifyFinished(peer, session);
        }
        expect(callers.flatMap(({ faults }) => faults)).toEqual([]);
      } catch (error) {
        const again = `SESSIOND_CRASH_SEED=${SEED} SESSIOND_CRASH_CYCLES=${CYCLES}`;
        throw new Error(`cycle ${done + 1}; the same chances come again with ${again}`, { cause: error });
      }
      const sessions = writers.flatMap((writer) => writer.sessions);
      const deleted = sessions.filter(({ deletion }) => deletion !== undefined).length;
      const answered = writers.reduce((sum, writer) => sum + writer.answered, 0);
      // The first one of these would have ended the test.
      const none = "0 lost, 0 doubled, 0 back from the dead";
      process.stdout.write(
        `${CYCLES} crashes, ${answered} acknowledged writes: ${none} ` +
          `(${sessions.length} sessions, ${deleted} of them deleted; seed ${SEED})\n${recoveries.words()}\n`,
      );
    },
    // Some 1.5 s a cycle on two cores, and much longer where others use them as well.
    120_000 + CYCLES * 15_000,
  );
});
