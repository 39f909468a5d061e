import { describe, expect, it } from "vitest";

import type { Client } from "../../client/index.js";
import { openDaemon } from "../../src/index.js";
import { briefId, findSession, shortIds } from "../../src/cli/sessionRef.js";

async function withSessions<T>(work: (client: Client) => Promise<T>): Promise<T> {
  await using daemon = await openDaemon();
  await using client = await daemon.connect();
  return await work(client);
}

describe("findSession", () => {
  it("finds by id, by name, and by the beginning of an id", () =>
    withSessions(async (client) => {
      await client.session.create({ sessionId: "alpha-1", name: "build" });
      await client.session.create({ sessionId: "alpha-2", name: "alpha" });
      await client.session.create({ sessionId: "beta", name: "alpha-1" });
      const idOf = async (given: string): Promise<string> => (await findSession(client, given)).sessionId;
      // The id before the name, the name before the beginning of an id.
      expect(await idOf("alpha-1")).toBe("alpha-1");
      expect(await idOf("build")).toBe("alpha-1");
      expect(await idOf("alpha")).toBe("alpha-2");
      expect(await idOf("be")).toBe("beta");
    }));

  it("means the newest active one of a name, else the newest, archived ones too", () =>
    withSessions(async (client) => {
      for (const sessionId of ["one", "two", "three"])
        await client.session.create({ sessionId, name: "same" });
      await client.session.end({ sessionId: "three" });
      expect((await findSession(client, "same")).sessionId).toBe("two");
      await client.session.end({ sessionId: "two" });
      await client.session.end({ sessionId: "one" });
      await client.session.archive({ sessionId: "three" });
      expect((await findSession(client, "same")).sessionId).toBe("three");
    }));

  it("says which ones it cannot tell apart, and where there is none", () =>
    withSessions(async (client) => {
      for (let number = 1; number <= 7; number++) await client.session.create({ sessionId: `s-${number}` });
      await expect(findSession(client, "s-")).rejects.toThrow(
        /More than one session begins with "s-": .*s-\d.*, …/,
      );
      await expect(findSession(client, "nothing")).rejects.toThrow('There is no session "nothing".');
      await expect(findSession(client, "")).rejects.toThrow('There is no session "".');
      await expect(findSession(client, "../x")).rejects.toThrow('There is no session "../x".');
      const uuid = "01a1fe35-06da-7e88-b752-ad81bfb3bba0";
      await expect(findSession(client, uuid)).rejects.toThrow(uuid);
    }));
});

describe("shortIds", () => {
  const one = "01a1fe35-06da-7e88-b752-ad81bfb3bba0";
  const two = "01a1fe35-06db-7e88-b752-ad81bfb3bba0";

  it("makes them as short as they can be told apart", () => {
    expect(shortIds([one])(one)).toBe("01a1fe35");
    expect(shortIds([one, two, one])(one)).toBe("01a1fe35-06da");
    expect(shortIds([one, two])(two)).toBe("01a1fe35-06db");
  });

  it("leaves those whole that somebody chose", () => {
    expect(shortIds(["my-session", one])("my-session")).toBe("my-session");
  });
});

it("shortens an id in a stream", () => {
  expect(briefId("01a1fe35-06da-7e88-b752-ad81bfb3bba0")).toBe("01a1fe35-06da");
  expect(briefId("a-rather-long-id-of-somebody")).toBe("a-rather-long-id-…");
});
