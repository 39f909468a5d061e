import { expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import { describeInMemory } from "../support/storage.js";

describeInMemory(async () => {
  await import("./sessions.test.js");
  await import("./sessionList.test.js");
  await import("./activities.test.js");
  await import("./metadata.test.js");
  await import("./events.test.js");

  const daemon = daemonForSuite();

  it("S4.6 keeps a conversation, and gives it back from both ends, page by page", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    for (let index = 1; index <= 12; index += 1) {
      await peer.call("message/append", { sessionId, role: "user", content: `m${index}` });
      // Some of them are saved by then, and some are not.
      if (index === 8) await peer.call("session/record", { sessionId, action: "between" });
    }
    for (const order of ["newest", "oldest"] as const) {
      const contents: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await peer.call("message/list", {
          sessionId,
          order,
          limit: 5,
          ...(cursor === undefined ? {} : { cursor }),
        });
        expect(page.total).toBe(12);
        for (const item of page.items) contents.push("content" in item && item.content);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      const expected = Array.from({ length: 12 }, (_, index) => `m${index + 1}`);
      expect(contents).toEqual(order === "oldest" ? expected : expected.toReversed());
    }
  });
});
