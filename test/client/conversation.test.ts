import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";

const daemon = daemonForSuite();

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("the conversation of a session", () => {
  it("is appended to, with all that belongs to a message, and listed from both ends", async () => {
    const client = await daemon().client();
    const session = await client.open("talk");
    const { conversation } = session;
    expect(await conversation.append("user", "where?")).toMatchObject({ index: 1 });
    const blocks = [{ type: "text", text: "there" }];
    const options = { toolName: "look", invocationId: "inv-1", usage: { inputTokens: 3, outputTokens: 4 } };
    const { messageId, index, seq } = await conversation.append("assistant", blocks, options);
    const oldest = await all(conversation.list());
    expect(oldest).toMatchObject([
      { index: 1, role: "user", content: "where?" },
      { messageId, index, seq, role: "assistant", content: blocks, ...options },
    ]);
    // Page by page.
    const newest = await all(conversation.list({ order: "newest", limit: 1 }));
    expect(newest).toEqual(oldest.toReversed());
    expect((await session.get()).totals.tokenUsage).toEqual({ input: 3, output: 4 });
    session.detach();
  });

  it("shows the lease of the handle, and is refused to others", async () => {
    const client = await daemon().client();
    await using session = await client.open("claimed", { claim: true });
    await session.conversation.append("user", "mine");
    const { sessionId } = session;
    const other = await daemon().client();
    const refused = other.message.append({ sessionId, role: "user", content: "not mine" });
    await expect(refused).rejects.toMatchObject({ type: "lease_held" });
    const [only, ...more] = await all(session.conversation.list());
    expect(only).toMatchObject({ content: "mine" });
    expect(more).toEqual([]);
  });
});
