import { describe, expect, it } from "vitest";

import { handedLease, withHandedLease } from "../../client/handedLease.js";

const SOCKET = "/run/sessiond.sock";
const ENV = { SESSIOND_SOCKET: SOCKET, SESSIOND_SESSION_ID: "s", SESSIOND_LEASE: "token" };

describe("a lease that was handed on", () => {
  it("is found in the environment of a command, for the daemon that started it", () => {
    expect(handedLease(ENV, SOCKET)).toEqual({ sessionId: "s", token: "token" });
    expect(handedLease(ENV, "/elsewhere.sock")).toBeUndefined();
    expect(handedLease({ ...ENV, SESSIOND_LEASE: undefined }, SOCKET)).toBeUndefined();
    expect(handedLease({ ...ENV, SESSIOND_SESSION_ID: undefined }, SOCKET)).toBeUndefined();
  });

  it("is shown by writes to its session that show none, and by no others", async () => {
    const calls: unknown[] = [];
    const call = withHandedLease(async (method, params) => void calls.push([method, params]), {
      sessionId: "s",
      token: "token",
    });
    await call("session/touch", { sessionId: "s" });
    await call("session/touch", { sessionId: "s", lease: "own" });
    await call("session/touch", { sessionId: "other" });
    await call("session/get", { sessionId: "s" });
    await call("session/list");
    expect(calls).toEqual([
      ["session/touch", { sessionId: "s", lease: "token" }],
      ["session/touch", { sessionId: "s", lease: "own" }],
      ["session/touch", { sessionId: "other" }],
      ["session/get", { sessionId: "s" }],
      ["session/list", {}],
    ]);
  });

  it("changes nothing where there is none", () => {
    const call = (): Promise<unknown> => Promise.resolve();
    expect(withHandedLease(call, undefined)).toBe(call);
  });
});
