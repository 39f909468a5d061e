import type { Peer } from "./peer.js";
import { until } from "./until.js";

const WRITE_EVERY_MS = 1_000;

/**
 * Waits until a snapshot holds everything that the daemon has acknowledged. Writes meanwhile, into a session of its
 * own: a snapshot comes only when the journal has outgrown the last one.
 */
export async function whenSnapshotted(peer: Peer): Promise<void> {
  const { sessionId } = await peer.call("session/create", { name: "filler" });
  let writtenMs = Number.NEGATIVE_INFINITY;
  await until("a snapshot of all of it", async () => {
    if (performance.now() - writtenMs > WRITE_EVERY_MS) {
      await peer.call("metadata/set", { sessionId, key: "filler", value: "x".repeat(60_000) });
      writtenMs = performance.now();
    }
    const { seq, snapshotSeq } = (await peer.call("daemon/status")).journal;
    return seq === snapshotSeq;
  });
}
