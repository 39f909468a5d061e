import { expect, it } from "vitest";

import { METHODS } from "../../src/protocol/methods/index.js";
import type { LeasedMethod } from "../../src/protocol/types.js";
import { daemonForSuite } from "../support/daemon.js";

const daemon = daemonForSuite({ inProcess: true });

/** One call of every write to one session, in an order in which each is allowed: one method more does not compile. */
const WRITES = {
  "session/update": { purpose: "x" },
  "session/touch": {},
  "session/record": { action: "looked" },
  "metadata/set": { key: "k", value: 1 },
  "metadata/delete": { key: "k" },
  "message/append": { role: "user", content: "hello" },
  "invocation/start": { tool: "t", invocationId: "i" },
  "invocation/finish": { invocationId: "i", status: "succeeded" },
  "invocation/link": { tool: "t" },
  "checkpoint/create": {},
  "checkpoint/restore": {},
  "checkpoint/delete": {},
  "command/start": { argv: ["true"] },
  "command/run": { argv: ["true"] },
  "command/write": {},
  "command/signal": {},
  "session/bind": { pid: process.ppid },
  "session/unbind": {},
  "session/pause": {},
  "session/resume": {},
  "session/end": {},
  "session/pin": {},
  "session/unpin": {},
  "session/archive": {},
  "session/unarchive": {},
  "session/trash": {},
  "session/untrash": {},
  "session/delete": {},
} satisfies Record<Exclude<LeasedMethod, "session/claim" | "session/release">, object>;

/** Writes that name what belongs to the session, and not the session. */
const BY_OTHER_IDS: ReadonlySet<string> = new Set(["command/signal", "command/write", "invocation/finish"]);

/** Writes that name a session and are no writes to it: it is not there yet, is only read, or has what is not its own. */
const UNBOUND: ReadonlySet<string> = new Set([
  "session/create",
  "session/clone",
  "log/write",
  "chain/append",
]);

/** Of an ended session nobody is the holder any more. */
const OF_ENDED: ReadonlySet<string> = new Set([
  "session/pin",
  "session/unpin",
  "session/archive",
  "session/unarchive",
  "session/trash",
  "session/untrash",
  "session/delete",
]);

it("B.3 every write to a session that is claimed wants the lease, and never takes an older one", async () => {
  const peer = await daemon().peer();
  const { sessionId } = await peer.call("session/create", {});
  const older = (await peer.call("session/claim", { sessionId })).lease;
  const { lease } = await peer.call("session/claim", { sessionId, takeover: true });
  const { commandId } = await peer.call("command/start", {
    sessionId,
    argv: ["sleep", "60"],
    openStdin: true,
    lease,
  });
  const { checkpointId } = await peer.call("checkpoint/create", { sessionId, lease });
  const idsOf = (method: string): object => {
    if (method.startsWith("command/") && BY_OTHER_IDS.has(method)) return { commandId };
    if (method === "checkpoint/delete") return { sessionId, checkpointId };
    return BY_OTHER_IDS.has(method) ? {} : { sessionId };
  };
  for (const [method, fields] of Object.entries(WRITES)) {
    const params = { ...idsOf(method), ...fields };
    const typeOf = async (shown: object): Promise<unknown> => {
      const { error } = await peer.ask({ method, params: { ...params, ...shown } });
      return (error?.data as { type?: string } | undefined)?.type;
    };
    const bare = OF_ENDED.has(method) ? [] : [await typeOf({})];
    expect([method, await typeOf({ lease: older }), ...bare]).toEqual([
      method,
      "lease_lost",
      ...bare.map(() => "lease_held"),
    ]);
    expect([method, await typeOf({ lease })]).toEqual([method, undefined]);
    if (method === "command/signal") await peer.call("command/wait", { commandId });
  }
});

it("B.3 every write to one session takes the lease", () => {
  const writes = Object.entries(METHODS).filter(([name, { access, params }]) => {
    const isOfSession = "sessionId" in params.shape || BY_OTHER_IDS.has(name);
    return access === "write" && isOfSession && !UNBOUND.has(name);
  });
  expect(writes.length).toBeGreaterThan(0);
  for (const [name, { params }] of writes) expect(Object.keys(params.shape), name).toContain("lease");
});
