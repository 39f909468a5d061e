import { setImmediate as turn } from "node:timers/promises";

import type { Result } from "../../protocol/types.js";
import { countBefore } from "../../session/chain.js";
import type { Supervisor } from "../supervisor.js";
import { unavailable } from "../unavailable.js";

type Source = Pick<Supervisor, "registry" | "clock" | "journal" | "submit">;

/** So many chains are looked at in one turn of the loop. */
const SLICE = 250;

/** How long ago is too long. */
interface CleanupOptions {
  readonly afterMs: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
  /** The daemon's own run: on a full disk it may use the reserve, for one slice. */
  readonly isOwn?: boolean;
}

/**
 * Drops the interactions of all agents that are older, but for the current one of each, in slices between which everybody
 * else has their turn. What is due is seen anew by each run, so one that broke off, or is made twice, does no harm.
 *
 * @throws RefusalError where the journal takes no writes; what was dropped by then stays dropped
 */
export async function cleanUpChains(
  source: Source,
  { afterMs, dryRun = false, isOwn = false }: CleanupOptions,
): Promise<Result<"chain/cleanup">> {
  const { registry, clock, journal } = source;
  const before = clock.nowMs() - afterMs;
  const { chains } = registry.things;
  const all = [...chains.committed.keys()];
  let [agents, dropped] = [0, 0];
  for (let at = 0; at < all.length; at += SLICE) {
    await turn();
    const trims = all.slice(at, at + SLICE).map(async (agentId) => {
      // At head, where another run may have been by now.
      const chain = chains.head(agentId);
      const due = chain === undefined ? 0 : countBefore(chain, before);
      if (due === 0) return;
      if (!dryRun) await source.submit({ type: "chain/trim", agentId, before }, { isOwn });
      agents += 1;
      dropped += due;
    });
    const failed = (await Promise.allSettled(trims)).find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    if (!dryRun && dropped > 0 && journal.state !== "ok") throw unavailable(journal);
  }
  return { agents, dropped, dryRun };
}
