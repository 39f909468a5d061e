import { expect, it } from "vitest";

import { type Client, SessiondError, type SessionShape } from "../../../client/index.js";
import { Source } from "../../../src/cli/top/source.js";
import { before, command, session } from "./scene.js";

/** A daemon as far as `top` asks it: with these sessions, and with samples where it takes any. */
function daemon(of: { sessions: SessionShape[]; samples?: object[] }): Client {
  const refused = new SessiondError({ code: -32_601, message: "x", data: { type: "method_not_found" } });
  return {
    daemon: { status: () => ({ version: "1", uptimeMs: 5, memory: { rssBytes: 7 } }) },
    session: {
      list: ({ status }: { status: string }) => {
        const items = of.sessions.filter((each) => each.status === status);
        return { items, total: items.length };
      },
      get: async ({ sessionId }: { sessionId: string }) => {
        const found = of.sessions.find((each) => each.sessionId === sessionId);
        if (found === undefined) throw new Error("it is gone");
        return found;
      },
    },
    command: {
      list: async ({ sessionId }: { sessionId?: string }) => ({
        items: sessionId === undefined ? [command({}), command({ argv: ["older"] })] : [command({})],
      }),
    },
    call: () => (of.samples === undefined ? Promise.reject(refused) : Promise.resolve({ items: of.samples })),
  } as unknown as Client;
}

it("knows what sessions use where the daemon takes samples, and says nothing of it where it does not", async () => {
  const sessions = [
    session({ sessionId: "busy", running: 1 }),
    session({ sessionId: "other", status: "paused" }),
  ];
  const samples = [
    { sessionId: "busy", at: before(1), cpuPercent: 3, memoryBytes: 4, processes: 5, diskBytes: 6 },
  ];
  const { rows, total } = await new Source(daemon({ sessions, samples })).look();
  expect(total).toBe(2);
  expect(rows[0]).toMatchObject({ cpuPercent: 3, memoryBytes: 4, processes: 5, program: "make all" });
  expect(rows[1]).toMatchObject({ sessionId: "other", state: "paused" });
  expect(rows[1]?.cpuPercent).toBeUndefined();
  const bare = await new Source(daemon({ sessions })).look();
  expect(bare.rows[0]?.cpuPercent).toBeUndefined();
  expect(bare.commands).toBeUndefined();
});

it("shows for a moment what has just ended, and how, and nothing of what was deleted", async () => {
  const sessions = [session({ sessionId: "a" }), session({ sessionId: "b" })];
  const source = new Source(daemon({ sessions }));
  expect((await source.look("a")).commands).toHaveLength(1);
  sessions.splice(0, 2, session({ sessionId: "a", status: "failed", endedAt: before(0) }));
  for (let looks = 0; looks < 2; looks += 1) {
    const { rows, total } = await source.look();
    expect(rows.map(({ sessionId, state }) => [sessionId, state])).toEqual([["a", "failed"]]);
    expect(total).toBe(0);
  }
});
