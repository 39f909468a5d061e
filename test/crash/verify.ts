import { readFile } from "node:fs/promises";
import { expect } from "vitest";

import type { Result } from "../../src/protocol/types.js";
import { readIdentity } from "../../src/process/identity.js";
import { SessiondError } from "../../src/rpc/remoteError.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";
import { verifyAsked } from "./verifyAsked.js";
import { verifyInvocations, verifyTalk } from "./verifyTalk.js";
import type { WrittenSession } from "./written.js";

type Command = Result<"command/get">;

const OVER: ReadonlySet<string> = new Set(["succeeded", "failed", "timed_out", "cancelled", "lost"]);

/**
 * Holds a session against what its writer was told, while the writer goes on: what was acknowledged before we look
 * is there exactly once, what was only attempted by the time we have looked is there once or not at all.
 */
export async function verifySession(peer: Peer, session: WrittenSession): Promise<void> {
  if (session.deletion === "answered") return verifyDeleted(peer, session);
  try {
    await verifyPresent(peer, session);
  } catch (error) {
    // It may have gone in the midst of the look.
    if (session.deletion === undefined) throw error;
  }
}

async function verifyDeleted(peer: Peer, { name, commands }: WrittenSession): Promise<void> {
  expect((await peer.call("session/list", { name })).total, `${name}: back from the dead`).toBe(0);
  const [commandId] = commands.flatMap((command) => command.commandId ?? []);
  if (commandId === undefined) return;
  const found: unknown = await peer.call("command/get", { commandId }).catch((error: unknown) => error);
  expect(isNotFound(found), `${commandId}: back from the dead`).toBe(true);
}

function isNotFound(error: unknown): boolean {
  return error instanceof SessiondError && /^(session|command)_not_found$/.test(error.type);
}

async function verifyPresent(peer: Peer, session: WrittenSession): Promise<void> {
  const isCreated = session.sessionId !== undefined;
  const acknowledged = [...session.acknowledged];
  const least = session.counter.acknowledged;
  const commandIds = session.commands.flatMap(({ commandId }) => commandId ?? []);
  const said = new Map(session.talk.acknowledged);
  const invoked = session.invocations.map((one) => ({ ...one }));
  const asked = {
    checkpoints: [...session.checkpoints.acknowledged],
    interactions: [...session.interactions.acknowledged],
  };

  const { items } = await peer.call("session/list", { name: session.name });
  expect(items.length, `${session.name} is there ${items.length} times`).toBeLessThanOrEqual(1);
  const sessionId = items[0]?.sessionId;
  if (isCreated && session.deletion === undefined) expect(sessionId, session.name).toBe(session.sessionId);
  if (sessionId === undefined) return;

  const found = await actionsOf(peer, sessionId);
  const unique = new Set(found);
  expect(unique.size, `${session.name}: no activity is there twice`).toBe(found.length);
  expect(
    acknowledged.filter((action) => !unique.has(action)),
    `${session.name}: acknowledged, and missing`,
  ).toEqual([]);
  expect(
    found.filter((action) => !session.attempted.has(action)),
    `${session.name}: never asked for`,
  ).toEqual([]);

  await verifyTalk(peer, { ...session, sessionId }, said);
  await verifyInvocations(peer, { ...session, sessionId }, invoked);
  await verifyAsked(peer, { ...session, sessionId }, asked);

  const { value } = await peer.call("metadata/get", { sessionId, key: "counter", default: 0 });
  expect(value, `${session.name}: counter`).toBeGreaterThanOrEqual(least);
  expect(value, `${session.name}: counter`).toBeLessThanOrEqual(session.counter.attempted);

  const commands = await peer.call("command/list", { sessionId, limit: 1_000 });
  expect(commands.total).toBeLessThanOrEqual(session.commands.length);
  const ids = commands.items.map(({ commandId }) => commandId);
  expect(
    commandIds.filter((commandId) => !ids.includes(commandId)),
    `${session.name}: commands`,
  ).toEqual([]);
  for (const command of commands.items) await verifyCommand(peer, command);
}

/** After the last answer there is no room left: everything is there exactly once. */
export async function verifyFinished(peer: Peer, session: WrittenSession): Promise<void> {
  await verifySession(peer, session);
  if (session.deletion !== undefined) return expect(session.deletion).toBe("answered");
  expect(session.acknowledged).toEqual(session.attempted);
  const { sessionId = "", counter, commands } = session;
  const shown = await peer.call("session/get", { sessionId });
  expect(shown.activities).toBe(session.attempted.size);
  expect([...session.talk.acknowledged.keys()].toSorted()).toEqual([...session.talk.attempted].toSorted());
  expect(shown.messages).toBe(session.talk.attempted.size);
  for (const { attempted, acknowledged } of [session.checkpoints, session.interactions])
    expect(acknowledged).toEqual(attempted);
  expect(shown.checkpoints).toBe(session.checkpoints.attempted.size);
  const { running, succeeded, abandoned } = shown.invocations;
  const finished = session.invocations.filter(({ told }) => told === "finished").length;
  expect(succeeded).toBe(finished);
  expect(session.isEnded ? abandoned : running).toBe(session.invocations.length - finished);
  expect(shown.metadata).toEqual(counter.attempted === 0 ? {} : { counter: counter.attempted });
  expect(shown.commands.total).toBe(commands.length);
  await until("the last commands to end", async () => {
    return (await peer.call("session/get", { sessionId })).commands.running === 0;
  });
  if (session.isEnded) expect(shown.status).toBe("completed");
}

/** What says that it runs does run, and nothing has run twice. */
async function verifyCommand(peer: Peer, { commandId, argv, status, pid }: Command): Promise<void> {
  const lines = await readFile(argv.at(-1) ?? "", "utf8").catch(() => "");
  expect(["", "ran\n"], `${commandId} (${status}) ran`).toContain(lines);
  if (status === "succeeded") expect(lines, commandId).toBe("ran\n");
  if (OVER.has(status)) return;
  const isTrue = async (): Promise<boolean> => {
    if (pid !== undefined && readIdentity(pid) !== undefined) return true;
    const now = await peer.call("command/get", { commandId });
    return OVER.has(now.status) || (now.pid !== undefined && readIdentity(now.pid) !== undefined);
  };
  await until(`${commandId} to run as it says, or to be over`, isTrue);
}

/** A command that was acknowledged before the daemon was killed: it is there, and what is said of it is true. */
export async function verifyKept(peer: Peer, commandId: string, session: WrittenSession): Promise<void> {
  try {
    await verifyCommand(peer, await peer.call("command/get", { commandId }));
  } catch (error) {
    if (session.deletion === undefined || !isNotFound(error)) throw error;
  }
}

/** The actions of all activities of a session, oldest first; "damaged" for one that cannot be read. */
export async function actionsOf(peer: Peer, sessionId: string): Promise<string[]> {
  const actions: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await peer.call("session/activities", { sessionId, order: "oldest", limit: 1_000, cursor });
    actions.push(...page.items.map((item) => ("action" in item ? item.action : "damaged")));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return actions;
}
