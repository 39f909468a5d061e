import { describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });

type Filter = Omit<Params<"session/activities">, "sessionId">;

const list = (peer: Peer, sessionId: string, filter: Filter): Promise<Result<"session/activities">> =>
  peer.call("session/activities", { sessionId, ...filter });

function actionsOf({ items }: Result<"session/activities">): string[] {
  return items.map((item) => ("action" in item ? item.action : "damaged"));
}

describe("the audit trail", () => {
  it("S1.6 has events, errors and decisions, which are found by their kind", async () => {
    const client = await suite().client();
    const session = await client.open("audited");
    await session.logEvent("started", { step: 1 });
    await session.logError(new TypeError("no such thing"), { file: "a.txt" });
    await session.logDecision("use files", "no server is needed", ["sqlite", "redis"]);
    await session.record("plain");
    const of = async (filter: Filter): Promise<object[]> => {
      const items: object[] = [];
      for await (const item of session.activities({ order: "oldest", ...filter })) items.push(item);
      return items;
    };
    expect(await of({})).toMatchObject([
      { kind: "event", action: "started", details: { step: 1 } },
      {
        kind: "error",
        action: "TypeError",
        details: {
          error: { type: "TypeError", message: "no such thing", stack: expect.any(String) },
          context: { file: "a.txt" },
        },
      },
      {
        kind: "decision",
        action: "use files",
        details: { what: "use files", why: "no server is needed", alternatives: ["sqlite", "redis"] },
      },
      { action: "plain" },
    ]);
    expect((await of({}))[3]).not.toHaveProperty("kind");
    expect(await of({ kind: "decision" })).toMatchObject([{ action: "use files" }]);
    expect(await of({ kind: "error", action: "RangeError" })).toEqual([]);
    const { sessionId } = session;
    const params = { sessionId, kind: "secret", action: "x" } as unknown as Params<"session/record">;
    await expect(client.session.record(params)).rejects.toMatchObject({ type: "invalid_params" });
  });

  it("S1.6 is filtered before the limit, in memory and on disk, and says how much matches", async () => {
    const config = { sessions: { autoSaveIntervalMs: 100 } };
    const daemon = await daemonForTest({ config, inProcess: true });
    const peer = await daemon.peer();
    await peer.call("session/create", { sessionId: "s" });
    for (let index = 1; index <= 10; index += 1) {
      const kind = index % 2 === 0 ? ("error" as const) : ("event" as const);
      await peer.call("session/record", {
        sessionId: "s",
        kind,
        action: `a${index % 3}`,
        details: { index },
      });
    }
    const look = async (): Promise<void> => {
      const first = await list(peer, "s", { kind: "error", order: "oldest", limit: 2 });
      expect(first).toMatchObject({
        items: [{ details: { index: 2 } }, { details: { index: 4 } }],
        total: 5,
      });
      const cursor = first.nextCursor ?? "";
      const second = await list(peer, "s", { kind: "error", order: "oldest", limit: 3, cursor });
      expect(second).toMatchObject({ items: [{}, {}, { details: { index: 10 } }], total: 5 });
      expect(second).not.toHaveProperty("nextCursor");
      expect(actionsOf(await list(peer, "s", { action: "a0" }))).toEqual(["a0", "a0", "a0"]);
      expect(await list(peer, "s", { limit: 1 })).toMatchObject({ total: 10 });
    };
    await look();
    await until("the activities to be saved", async () => {
      const { readdir } = await import("node:fs/promises");
      return (await readdir(`${daemon.dataDir}/content`).catch(() => [])).length > 0;
    });
    await look();
  });

  it("S1.6 is found by time", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "timed" });
    const times: string[] = [];
    for (const action of ["first", "second", "third"]) {
      const now = Date.now();
      await until("a millisecond to pass", () => Date.now() > now);
      await peer.call("session/record", { sessionId: "timed", action });
      const [item] = (await list(peer, "timed", { limit: 1 })).items;
      if (item !== undefined && "at" in item) times.push(item.at);
    }
    const [first = "", second = "", third = ""] = times;
    const between = async (filter: Filter): Promise<string[]> =>
      actionsOf(await list(peer, "timed", { order: "oldest", ...filter }));
    expect(await between({ since: second })).toEqual(["second", "third"]);
    expect(await between({ until: second })).toEqual(["first"]);
    expect(await between({ since: first, until: third })).toEqual(["first", "second"]);
  });
});
