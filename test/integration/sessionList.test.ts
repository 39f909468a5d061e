import { beforeAll, describe, expect, it } from "vitest";

import type { Params } from "../../src/protocol/types.js";
import { daemonForSuite } from "../support/daemon.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

/** The names of a whole list, taken page by page. */
async function namesOf(filter: Params<"session/list">): Promise<string[]> {
  const peer = await daemon().peer();
  const names: string[] = [];
  let cursor: string | undefined;
  let total: number | undefined;
  do {
    const page = await peer.call("session/list", cursor === undefined ? filter : { ...filter, cursor });
    expect(page.items.length).toBeLessThanOrEqual(filter.limit ?? 100);
    total ??= page.total;
    expect(page.total).toBe(total);
    names.push(...page.items.map(({ name }) => name ?? ""));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  expect(names).toHaveLength(total);
  peer.close();
  return names;
}

/** Twelve sessions `s00` to `s11`: every second ann's, every third tagged "third", every fourth ended. */
beforeAll(async () => {
  const peer = await daemon().peer();
  for (let index = 0; index < 12; index += 1) {
    const { sessionId } = await peer.call("session/create", {
      name: `s${String(index).padStart(2, "0")}`,
      userId: index % 2 === 0 ? "ann" : "bob",
      tags: ["all", ...(index % 3 === 0 ? ["third"] : [])],
      purpose: index % 5 === 0 ? "Ship the Release" : "nothing",
      workingDirectory: index < 6 ? "/low" : "/high",
    });
    if (index % 4 === 0)
      await peer.call("session/end", { sessionId, status: index === 0 ? "failed" : "completed" });
    if (index === 8) await peer.call("session/archive", { sessionId });
  }
});

describe("session/list", () => {
  it("S4.5 newest first, oldest first, in pages of any size", async () => {
    const expected = ["11", "10", "09", "07", "06", "05", "04", "03", "02", "01", "00"].map((n) => `s${n}`);
    for (const limit of [1, 3, 11, 100]) {
      expect(await namesOf({ limit })).toEqual(expected);
      expect(await namesOf({ limit, order: "oldest" })).toEqual(expected.toReversed());
    }
  });

  it("S4.5 filters apply before the limit", async () => {
    const filters: [Params<"session/list">, string[]][] = [
      [{ userId: "ann" }, ["s10", "s06", "s04", "s02", "s00"]],
      [{ tags: ["third", "all"] }, ["s09", "s06", "s03", "s00"]],
      [{ tags: ["third", "none"] }, []],
      [{ status: "ended" }, ["s04", "s00"]],
      [{ status: "failed" }, ["s00"]],
      [{ status: "archived" }, ["s08"]],
      [{ status: "ended", includeArchived: true }, ["s08", "s04", "s00"]],
      [{ name: "s05" }, ["s05"]],
      [{ workingDirectory: "/low", userId: "bob" }, ["s05", "s03", "s01"]],
      [{ query: "release  SHIP" }, ["s10", "s05", "s00"]],
      [{ query: "third s0" }, ["s09", "s06", "s03", "s00"]],
      [{ userId: "ann", status: "active", tags: ["all"], query: "release" }, ["s10"]],
    ];
    for (const [filter, names] of filters) {
      expect(await namesOf({ ...filter, limit: 2 }), JSON.stringify(filter)).toEqual(names);
    }
  });

  it("S4.5 by creation time: at or after, and before", async () => {
    const peer = await daemon().peer();
    const { items } = await peer.call("session/list", { includeArchived: true });
    const [newest, oldest] = [items[0]?.createdAt ?? "", items.at(-1)?.createdAt ?? ""];
    expect((await namesOf({ since: oldest })).at(-1)).toBe("s00");
    expect(await namesOf({ until: oldest })).toEqual([]);
    expect(await namesOf({ until: newest })).not.toContain("s11");
    expect(await namesOf({ since: newest })).toContain("s11");
    await expect(peer.call("session/list", { since: "yesterday" })).rejects.toMatchObject({
      type: "invalid_params",
    });
  });

  it("S4.5 recent: by the last activity, paged", async () => {
    const peer = await daemon().peer();
    const { items } = await peer.call("session/list", { name: "s01" });
    const sessionId = items[0]?.sessionId ?? "";
    await until("another millisecond", () => Date.parse(items[0]?.lastActivityAt ?? "") < Date.now());
    await peer.call("session/touch", { sessionId });
    for (const limit of [1, 4, 100]) {
      const names = await namesOf({ order: "recent", limit });
      expect(names[0]).toBe("s01");
      expect(names.toSorted()).toEqual((await namesOf({})).toSorted());
    }
  });

  it("S4.5 a page goes on where it was also when its last session is deleted, and new ones come in", async () => {
    const peer = await daemon().peer();
    const tags = ["moving"];
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      ids.push((await peer.call("session/create", { tags, userId: "moving" })).sessionId);
    }
    const first = await peer.call("session/list", { tags, limit: 2 });
    const last = first.items[1]?.sessionId ?? "";
    await peer.call("session/end", { sessionId: last });
    await peer.call("session/delete", { sessionId: last });
    await peer.call("session/create", { tags });
    const second = await peer.call("session/list", { tags, limit: 2, cursor: first.nextCursor });
    expect(second.items.map(({ sessionId }) => sessionId)).toEqual([ids[1], ids[0]]);
    expect(second).not.toHaveProperty("nextCursor");
  });

  it("S4.5 refuses a cursor that no list answered", async () => {
    const peer = await daemon().peer();
    const forged = ["", "x", "e30", JSON.stringify({ seq: 1 }), toCursor({ seq: "1" }), toCursor({ at: 1 })];
    for (const cursor of forged) {
      const refused = peer.call("session/list", { cursor });
      await expect(refused, cursor).rejects.toMatchObject({ type: "invalid_params" });
    }
  });
});

function toCursor(position: object): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}
