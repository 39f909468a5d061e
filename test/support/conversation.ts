import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";

import type { Params, Result, SessionShape } from "../../src/protocol/types.js";
import type { TestDaemon } from "./daemon.js";
import type { Peer } from "./peer.js";
import { until } from "./until.js";

/** Saves as soon as it may. */
export const SOON = { autoSaveIntervalMs: 100 };
/** Saves only where it has to. */
export const NEVER = { autoSaveIntervalMs: 3_600_000 };
/** Sizes of a page: one item, some, and all of them. */
export const LIMITS = [1, 7, 1_000];

type Item = Result<"message/list">["items"][number];
type Order = NonNullable<Params<"message/list">["order"]>;

/** The whole conversation of a session, page by page. */
export async function messagesOf(
  peer: Peer,
  sessionId: string,
  { order = "oldest", limit = 1_000 }: { readonly order?: Order; readonly limit?: number } = {},
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await peer.call("message/list", { sessionId, order, limit, cursor });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

/** What was said, without the rest; "damaged" for what cannot be read. */
export function contentsOf(items: readonly Item[]): unknown[] {
  return items.map((item) => ("damaged" in item ? "damaged" : item.content));
}

/** The places of messages in their conversation; those that cannot be read are left out. */
export function indicesOf(items: readonly Item[]): number[] {
  return items.flatMap((item) => ("damaged" in item ? [] : [item.index]));
}

/** Where a session has its conversation once that is saved. */
export function conversationFile(
  { dataDir }: TestDaemon,
  { sessionId, createdSeq }: { readonly sessionId: string; readonly createdSeq: number },
): string {
  return join(dataDir, "content", `${sessionId}~${createdSeq}`, "conversation.jsonl");
}

/** The lines of a file that are whole; none where there is no file. */
export async function wholeLines(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").slice(0, -1);
}

/** Waits until so many messages are in the file. */
export function whenSaved(file: string, count: number): Promise<unknown> {
  return until(`${count} messages to be saved`, async () => (await wholeLines(file)).length === count);
}

/** One session, and all that was said in it. */
export class Talk {
  readonly session: SessionShape;
  readonly said: string[] = [];

  private constructor(session: SessionShape) {
    this.session = session;
  }

  static async open(peer: Peer, config: object = SOON): Promise<Talk> {
    return new Talk(await peer.call("session/create", { config }));
  }

  /** Says so many more, all at once. */
  async say(peer: Peer, count: number, length = 0): Promise<void> {
    const { sessionId } = this.session;
    const contents = Array.from(
      { length: count },
      (_, at) => `m${this.said.length + at + 1}${"x".repeat(length)}`,
    );
    await Promise.all(
      contents.map((content) => peer.call("message/append", { sessionId, role: "user", content })),
    );
    this.said.push(...contents);
  }
}

/** All of a talk is there once, in its order and from both ends, in pages of whatever size. */
export async function expectWhole(peer: Peer, { session, said }: Talk, limits = LIMITS): Promise<void> {
  const { sessionId } = session;
  for (const limit of limits) {
    const oldest = await messagesOf(peer, sessionId, { order: "oldest", limit });
    expect(contentsOf(oldest), `oldest, ${limit} a page`).toEqual(said);
    expect(indicesOf(oldest)).toEqual(said.map((_, at) => at + 1));
    const newest = await messagesOf(peer, sessionId, { order: "newest", limit });
    expect(newest, `newest, ${limit} a page`).toEqual(oldest.toReversed());
  }
  expect((await peer.call("session/get", { sessionId })).messages).toBe(said.length);
}
