import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Client, CommandShape, EventShape, Session } from "../../../client/index.js";
import { packageDir } from "../../../client/ownPackage.js";
import { duration } from "../humane.js";
import { commandFailure } from "../runOutcome.js";
import { statusWords } from "../statusWords.js";
import type { Follower } from "./follower.js";
import type { Story } from "./story.js";

/** Fails in its first two tries; the daemon tells each try its number. */
const FLAKY = 'echo "try $SESSIOND_ATTEMPT"; test "$SESSIOND_ATTEMPT" -ge 3';
const LIMIT_MS = 1_000;
const HISTORY_LINES = 3;
const WAIT_MS = 10_000;

/** Runs this repository's own history in a session, or something else where there is none. */
export async function history(client: Client, story: Story): Promise<string[]> {
  const root = packageDir();
  const isCheckout = existsSync(join(root, ".git"));
  const candidates = [
    ...(isCheckout ? [["git", "log", "--oneline", "-n", String(HISTORY_LINES)]] : []),
    ["git", "--version"],
    ["node", "--version"],
  ];
  await story.chapter(isCheckout ? "A session runs git log on this repository" : "A session runs a command");
  if (!isCheckout) await story.say("This is no git checkout, so there is no log to show.");
  return client.withSession(
    "history",
    async (session) => {
      for (const argv of candidates) {
        if (await showRun(session, argv, story)) return [];
      }
      return ["none of the commands of the first session succeeded"];
    },
    { workingDirectory: root, purpose: "read the history of this repository" },
  );
}

async function showRun(session: Session, argv: readonly string[], story: Story): Promise<boolean> {
  await story.say(`$ ${argv.join(" ")}`);
  const handle = await session.start(argv);
  const command = await handle.wait();
  const stream = command.status === "succeeded" ? "stdout" : "stderr";
  let text = "";
  for await (const piece of handle.output({ stream })) text += piece;
  for (const line of text.trim().split("\n").slice(0, HISTORY_LINES))
    if (line !== "") await story.quote(line);
  await story.say(`${outcome(command)}.`);
  return command.status === "succeeded";
}

function outcome(command: CommandShape): string {
  if (command.status !== "succeeded") return commandFailure(command);
  return `exit ${command.exitCode ?? 0} in ${duration(command.durationMs ?? 0)}`;
}

/** Runs a command that fails twice, and is tried again after a pause that doubles. */
export async function flaky(client: Client, follower: Follower, story: Story): Promise<string[]> {
  await story.chapter("A command fails twice and is tried again");
  const command = await client.withSession("flaky", (session) =>
    session.run(["sh", "-c", FLAKY], {
      retry: { maxAttempts: 5, initialIntervalMs: 150, backoffCoefficient: 2, jitter: 0 },
    }),
  );
  const isEnd = (event: EventShape): boolean =>
    event.type === "command/ended" && event.data.commandId === command.commandId;
  await follower.until(isEnd, WAIT_MS);
  for (const { at, data } of follower.all((event) => event.type === "command/retrying")) {
    const waitMs = Date.parse(data.nextAttemptAt) - Date.parse(at);
    await story.say(`try ${data.attempt}: exit ${data.exitCode ?? "?"}, again in ${duration(waitMs)}`);
  }
  await story.say(`try ${command.attempt}: exit ${command.exitCode ?? "?"}, so it has ${command.status}.`);
  const isWell = command.status === "succeeded" && command.attempt === 3;
  return isWell
    ? []
    : [`the flaky command is ${command.status} after try ${command.attempt}, not succeeded after 3`];
}

/** Sessions that the daemon ends by itself. Begun early: their limits run while the rest goes on. */
export interface Neglected {
  readonly idleId: string;
  readonly silentId: string;
}

/** Opens a session in which nothing is done, and one for which heartbeats come and then stop. */
export async function neglect(client: Client): Promise<Neglected> {
  const idle = await client.session.create({ name: "idle", config: { idleTimeoutMs: LIMIT_MS } });
  const silent = await client.session.create({ name: "silent", config: { heartbeatTimeoutMs: LIMIT_MS } });
  await client.session.record({ sessionId: idle.sessionId, action: "demo/last-activity" });
  await client.session.heartbeat({ sessionId: silent.sessionId });
  return { idleId: idle.sessionId, silentId: silent.sessionId };
}

/** Waits until the daemon has ended both. */
export async function limits(
  client: Client,
  follower: Follower,
  neglected: Neglected,
  story: Story,
): Promise<string[]> {
  await story.chapter("Nobody uses one session, and another loses its heartbeat");
  const problems: string[] = [];
  for (const [what, sessionId] of [
    ["idle", neglected.idleId],
    ["silent", neglected.silentId],
  ] as const) {
    const isEnd = (event: EventShape): boolean =>
      event.type === "session/ended" && event.sessionId === sessionId;
    await follower.until(isEnd, WAIT_MS);
    const { status, endReason, createdAt, endedAt = createdAt } = await client.session.get({ sessionId });
    const afterMs = Date.parse(endedAt) - Date.parse(createdAt);
    await story.say(
      `${what}: ${statusWords(status)} after ${duration(afterMs)}, for its ${endReason ?? "?"}`,
    );
    if (status !== "timed_out") problems.push(`the session "${what}" is ${status}, not timed_out`);
  }
  return problems;
}
