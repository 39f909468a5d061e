import { expect } from "vitest";

import { messagesOf } from "../support/conversation.js";
import type { Peer } from "../support/peer.js";
import type { WrittenInvocation, WrittenSession } from "./written.js";

type Looked = Pick<WrittenSession, "name" | "talk" | "invocations"> & { readonly sessionId: string };

/**
 * Holds a conversation against what its writer was told: what was acknowledged before the look is there once, under the
 * index of the answer; the indices have no gap and no double.
 *
 * @param said what had been acknowledged before the look began
 */
export async function verifyTalk(
  peer: Peer,
  { name, sessionId, talk }: Looked,
  said: ReadonlyMap<string, number>,
): Promise<void> {
  const items = await messagesOf(peer, sessionId);
  const indices = items.map((item) => ("damaged" in item ? "damaged" : item.index));
  expect(indices, `${name}: places in the conversation`).toEqual(items.map((_, at) => at + 1));
  const texts = items.map((item) => ("damaged" in item ? "damaged" : textOf(item.content)));
  expect(new Set(texts).size, `${name}: no message is there twice`).toBe(texts.length);
  const strange = texts.filter((text) => !talk.attempted.has(text));
  expect(strange, `${name}: messages that were never said`).toEqual([]);
  const missing = [...said].filter(([text, index]) => texts[index - 1] !== text);
  expect(missing, `${name}: acknowledged messages that are not in their place`).toEqual([]);
  const newest = await messagesOf(peer, sessionId, { order: "newest", limit: 7 });
  // More may have been said since.
  const known = newest.filter((item) => !("damaged" in item) && item.index <= items.length);
  expect(known, `${name}: the same from the other end`).toEqual(items.toReversed());
}

/** The same for what tools did: each is there once, and what ended has its end. */
export async function verifyInvocations(
  peer: Peer,
  { name, sessionId, invocations }: Looked,
  invoked: readonly WrittenInvocation[],
): Promise<void> {
  const { items } = await peer.call("invocation/list", { sessionId, limit: 1_000 });
  const found = new Map(
    items.map((item) => ("damaged" in item ? ["damaged", "damaged"] : [item.invocationId, item.status])),
  );
  expect(found.size, `${name}: no invocation is there twice`).toBe(items.length);
  const asked = new Set(invocations.map(({ invocationId }) => invocationId));
  expect(
    [...found.keys()].filter((id) => !asked.has(id)),
    `${name}: invocations that nobody began`,
  ).toEqual([]);
  for (const { invocationId, told } of invoked) {
    const status = found.get(invocationId);
    if (told === "finished") expect(status, `${name}: ${invocationId}`).toBe("succeeded");
    else if (told !== "asked") expect(status, `${name}: ${invocationId} is missing`).toBeDefined();
  }
}

/** What tells one message from all others, in a text or in its one block. */
function textOf(content: string | readonly Readonly<Record<string, unknown>>[]): string {
  return typeof content === "string" ? content : String(content[0]?.["text"]);
}
