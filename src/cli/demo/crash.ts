import type { Client } from "../../../client/index.js";
import { until } from "../alive.js";
import { counted, duration } from "../humane.js";
import type { Follower } from "./follower.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";
import type { Verdict } from "./verify.js";
import { problemsOf, verify } from "./verify.js";
import { ACTION, keyOf, Writers } from "./writers.js";

const WRITERS = 8;
/** So many have to be acknowledged before the daemon is killed. */
const ENOUGH = 500;
const WAIT_MS = 10_000;

/** What the crash showed, in figures. */
export interface CrashResult {
  readonly acknowledged: number;
  readonly inFlight: number;
  readonly verdict: Verdict;
  readonly recoveryMs: number;
  readonly records: number;
  readonly answeredAfterMs: number;
  readonly problems: readonly string[];
}

/** Kills the daemon while several clients write, starts it again, and counts. */
export async function crash(stage: Stage, follower: Follower, story: Story): Promise<CrashResult> {
  await story.chapter(`The daemon is killed with -9 while ${WRITERS} clients write`);
  const clients = await Promise.all(Array.from({ length: WRITERS }, () => stage.connect()));
  const [first] = clients;
  if (first === undefined) throw new Error("there are no writers");
  const { sessionId } = await first.session.create({ name: "ledger", tags: ["demo"] });
  const writers = new Writers(clients, sessionId);
  await until(() => writers.acknowledged.size >= ENOUGH || writers.refused.length > 0, WAIT_MS);
  await stage.kill();
  // An answer that was on its way when the process ended still arrives, and counts as what it is.
  writers.stop();
  const acknowledged = new Set(writers.acknowledged);
  const inFlight = new Set(writers.inFlight);
  await story.say(
    `${counted(acknowledged.size, "write")} acknowledged, ${inFlight.size} under way when it died.`,
  );
  const { status, answeredAfterMs } = await stage.start();
  const { durationMs: recoveryMs, records } = status.recovery;
  await story.say(
    `Started again, pid ${status.pid} answers after ${duration(answeredAfterMs)}; ` +
      `recovery of ${counted(records, "record")} took ${duration(recoveryMs)} of that.`,
  );
  const isSettled = await until(() => writers.inFlight.size === 0, WAIT_MS);
  const present = await presentKeys(first, sessionId);
  const verdict = verify({ acknowledged, resent: inFlight, present });
  await story.say(
    `Of ${number(acknowledged.size)} acknowledged writes ${number(verdict.kept)} are there exactly once.`,
  );
  await story.say(
    `Of ${inFlight.size} under way ${verdict.resentOnce} are there exactly once: their clients sent them again ` +
      "under the same idempotency keys.",
  );
  const problems = [
    ...problemsOf(verdict),
    ...writers.refused.map((refusal) => `a write was refused: ${refusal}`),
    ...(isSettled ? [] : [`${writers.inFlight.size} writes were not answered after the restart`]),
    ...(acknowledged.size === 0 ? ["no write was acknowledged before the kill"] : []),
    ...(inFlight.size === 0 ? ["no write was under way when the daemon was killed"] : []),
    ...(await sayStream(first, follower, story)),
  ];
  const figures = {
    acknowledged: acknowledged.size,
    inFlight: inFlight.size,
    recoveryMs,
    records,
    answeredAfterMs,
  };
  return { ...figures, verdict, problems };
}

function number(count: number): string {
  return count.toLocaleString("en");
}

async function presentKeys(client: Client, sessionId: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const activity of client.pages("session/activities", {
    sessionId,
    order: "oldest",
    limit: 1_000,
  })) {
    if ("damaged" in activity) keys.push(`damaged at ${activity.offsetBytes}`);
    else if (activity.action === ACTION)
      keys.push(keyOf(activity.details as { writer: number; number: number }));
  }
  return keys;
}

async function sayStream(client: Client, follower: Follower, story: Story): Promise<string[]> {
  const { journal } = await client.daemon.status();
  const hasAll = await follower.reaches(journal.seq, WAIT_MS);
  const faults = [
    ...follower.faults,
    ...(hasAll ? [] : [`of ${journal.seq} events only ${follower.lastSeq} came through the stream`]),
  ];
  if (faults.length === 0) {
    await story.say(
      `A subscriber saw all ${counted(journal.seq, "event")} across the kill, none missing, none twice.`,
    );
  }
  return faults;
}
