import { describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import { itOnFiles } from "../support/storage.js";

const daemon = daemonForSuite();

describe("metadata", () => {
  it("S1.3 set, get, get with a default, delete", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", { metadata: { first: true } });
    const values = [null, false, 0, -1.5e-7, "", "ü\u2028\n", [], {}, { deep: [{ list: [1] }] }];
    for (const value of values) {
      await peer.call("metadata/set", { sessionId, key: "k", value });
      const found = await peer.call("metadata/get", { sessionId, key: "k", default: "unused" });
      expect(found).toEqual({ value, found: true });
    }
    const missing = { sessionId, key: "missing" };
    expect(await peer.call("metadata/get", missing)).toEqual({ value: null, found: false });
    expect(await peer.call("metadata/get", { ...missing, default: { a: 1 } })).toEqual({
      value: { a: 1 },
      found: false,
    });
    const { seq } = await peer.call("metadata/delete", { sessionId, key: "k" });
    expect((await peer.call("metadata/get", { sessionId, key: "k" })).found).toBe(false);
    expect((await peer.call("metadata/delete", { sessionId, key: "k" })).seq).toBe(seq);
    expect((await peer.call("session/get", { sessionId })).metadata).toEqual({ first: true });
  });

  it("S1.3 names of things that every object has are keys like any other", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    for (const key of ["constructor", "toString", "hasOwnProperty", "prototype", "valueOf"]) {
      expect(await peer.call("metadata/get", { sessionId, key })).toEqual({ value: null, found: false });
      await peer.call("metadata/set", { sessionId, key, value: key });
      expect(await peer.call("metadata/get", { sessionId, key })).toEqual({ value: key, found: true });
    }
  });

  itOnFiles("S1.3 persists, across a restart and a kill -9", async () => {
    const client = await daemon().client();
    const session = await client.open("metadata that persists");
    await session.metadata.set("kept", { list: [1, 2] });
    await session.metadata.set("gone", 1);
    await session.metadata.delete("gone");
    await daemon().restart();
    expect(await session.metadata.get("kept")).toEqual({ list: [1, 2] });
    await session.metadata.set("kept", 3);
    await daemon().crash();
    expect(await session.metadata.get("kept")).toBe(3);
    expect(await session.metadata.get("gone", "default")).toBe("default");
  });

  it("S1.3 is bounded: by value, by keys, as a whole", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const set = (key: string, value: string) => peer.call("metadata/set", { sessionId, key, value });
    await expect(set("k", "x".repeat(65_536))).rejects.toMatchObject({
      type: "limit_reached",
      details: { limit: "metadataValueLength" },
    });
    const most = "x".repeat(65_534);
    for (const key of ["a", "b", "c"]) await set(key, most);
    await expect(set("d", most)).rejects.toMatchObject({ details: { limit: "metadataLength" } });
    await set("a", "");
    await set("d", most);
    const keys = Object.fromEntries(Array.from({ length: 1_025 }, (_, index) => [`k${index}`, 0]));
    await expect(peer.call("session/create", { metadata: keys })).rejects.toMatchObject({
      details: { limit: "metadataKeys" },
    });
    await expect(peer.call("session/update", { sessionId, metadata: keys })).rejects.toMatchObject({
      details: { limit: "metadataKeys" },
    });
  });
});
