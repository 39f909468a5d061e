import { expect, it } from "vitest";

import { daemonForTest } from "../support/daemon.js";
import { until } from "../support/until.js";

it("B.3 a client keeps its lease across a crash of the daemon by itself, and hears when it is taken", async () => {
  const daemon = await daemonForTest({ config: { leases: { graceMs: 600_000 } } });
  const client = await daemon.client({ retry: { maximumIntervalMs: 50 } });
  const session = await client.open("one writer", { claim: { holder: "ada" } });
  const { sessionId } = session;
  const lease = await session.claim();
  const peer = await daemon.peer();
  // Nobody takes this one up again: its end shows that the grace is over.
  const { sessionId: witness } = await peer.call("session/create", {});
  await peer.call("session/claim", { sessionId: witness });

  // Long enough for a client that comes back at once, on a machine that has much else to do.
  await daemon.crash({ leases: { graceMs: 5_000 } });
  const other = await daemon.client();
  await until("the end of the witness", async () => {
    return (await other.session.get({ sessionId: witness })).lease === undefined;
  });
  expect(await session.get()).toMatchObject({ lease: { epoch: 1, holder: "ada" } });
  await session.record("goes on");
  await expect(other.session.touch({ sessionId })).rejects.toMatchObject({ type: "lease_held" });

  const taken = await other.claim(sessionId, { takeover: true, holder: "ben" });
  await until("to be told", () => lease.lost.aborted);
  expect(lease.lost.reason).toMatchObject({ type: "lease_lost", details: { epoch: 2, holder: "ben" } });
  await expect(session.record("too late")).rejects.toMatchObject({ type: "lease_lost" });
  await taken.release();
  // It is free, and yet the writes of the former holder are not taken before it claims anew.
  await expect(session.record("still too late")).rejects.toMatchObject({ type: "lease_lost" });
  expect((await session.claim()).epoch).toBe(3);
  await session.record("again");
  await session.close();
  expect(await other.session.get({ sessionId })).toMatchObject({ status: "completed", activities: 2 });
});
