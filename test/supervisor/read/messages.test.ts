import * as fc from "fast-check";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { FileBodies } from "../../../src/content/fileBodies.js";
import { diskOperations } from "../../../src/disk/operations.js";
import type { Result } from "../../../src/protocol/types.js";
import type { Conversation, Session } from "../../../src/session/state.js";
import { Bodies } from "../../../src/supervisor/bodies.js";
import { listMessages } from "../../../src/supervisor/read/messages.js";
import type { Supervisor } from "../../../src/supervisor/supervisor.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { session } from "../../session/samples.js";

type Order = "newest" | "oldest";

const newFolder = temporaryFolders();
let bodies: Bodies;
beforeEach(async () => {
  bodies = new Bodies({ store: new FileBodies(await newFolder()) });
});

/** A session of which messages are saved, and more in memory. */
async function conversation(saved: number, unsaved = 0, length = 10): Promise<Session> {
  const one = session();
  const content = "x".repeat(length);
  for (let index = 1; index <= saved + unsaved; index += 1) {
    const body = { seq: index * 2, at: index, messageId: `m${index}`, index, role: "user", content } as const;
    bodies.add(one, { kind: "conversation", body }, 0);
    if (index === saved) await bodies.save();
  }
  return { ...one, conversation: { count: saved + unsaved, appended: saved + unsaved, hidden: [] } };
}

function hiding(one: Session, hidden: Conversation["hidden"]): Pick<Supervisor, "session" | "bodies"> {
  const count = hidden.reduce((left, [first, last]) => left - (last - first + 1), one.conversation.count);
  const shown = { ...one, conversation: { ...one.conversation, count, hidden } };
  return { session: () => shown, bodies };
}

function page(
  supervisor: Pick<Supervisor, "session" | "bodies">,
  order: Order,
  more: { readonly limit: number; readonly cursor?: string },
): Promise<Result<"message/list">> {
  return listMessages(supervisor as Supervisor, { sessionId: "s", order, ...more });
}

/** The indices of all pages, one after the other. */
async function indices(
  supervisor: Pick<Supervisor, "session" | "bodies">,
  order: Order,
  limit: number,
): Promise<number[]> {
  const found: number[] = [];
  let cursor: string | undefined;
  do {
    const { items, nextCursor } = await page(supervisor, order, {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...items.map((item) => ("index" in item ? item.index : -1)));
    cursor = nextCursor;
  } while (cursor !== undefined);
  return found;
}

/** How often the disk is read until the work is done. */
async function readsOf(work: () => Promise<unknown>): Promise<number> {
  const spy = vi.spyOn(diskOperations, "read");
  onTestFinished(() => spy.mockRestore());
  await work();
  const count = spy.mock.calls.length;
  spy.mockRestore();
  return count;
}

describe("the pages of a conversation", () => {
  it("have what is to be seen, in both orders, however much is hidden, on disk and in memory", async () => {
    const one = await conversation(3_000, 300);
    const runs = fc
      .uniqueArray(fc.integer({ min: 1, max: 3_300 }), { maxLength: 8 })
      .map((cuts) => cuts.toSorted((a, b) => a - b))
      .map((cuts) =>
        Array.from(
          { length: cuts.length >> 1 },
          (_, at) => [cuts[at * 2] ?? 0, cuts[at * 2 + 1] ?? 0] as const,
        ),
      );
    const orders = fc.constantFrom<Order[]>("newest", "oldest");
    await fc.assert(
      fc.asyncProperty(runs, orders, fc.constantFrom(97, 1_000), async (hidden, order, limit) => {
        const all = Array.from({ length: 3_300 }, (_, at) => at + 1);
        const seen = all.filter((index) => !hidden.some(([first, last]) => index >= first && index <= last));
        const supervisor = hiding(one, hidden);
        expect(await indices(supervisor, order, limit)).toEqual(
          order === "oldest" ? seen : seen.toReversed(),
        );
        expect((await page(supervisor, order, { limit })).total).toBe(seen.length);
      }),
      { numRuns: 25 },
    );
  });

  it("are found without reading through what is hidden", async () => {
    const one = await conversation(20_000, 0, 500);
    const supervisor = hiding(one, [[11, 19_990]]);
    // The file has some 12 MB: read in pieces of 256 KB, that would be 48.
    expect(await readsOf(() => page(supervisor, "newest", { limit: 100 }))).toBeLessThan(25);
    expect(await readsOf(() => page(supervisor, "oldest", { limit: 100 }))).toBeLessThan(25);
    const { items } = await page(supervisor, "oldest", { limit: 100 });
    expect(items.map((item) => ("index" in item ? item.index : 0))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 19_991, 19_992, 19_993, 19_994, 19_995, 19_996, 19_997, 19_998, 19_999,
      20_000,
    ]);
  });
});
