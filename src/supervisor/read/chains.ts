import { RefusalError } from "../../protocol/errors.js";
import { LIMITS } from "../../protocol/limits.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import { chainNotFound, currentOf, entriesOf } from "../../session/chain.js";
import type { Chain } from "../../session/state.js";
import { showChain, showChainEntry } from "../show/chain.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";
import { decodeCursor, pageOf } from "./page.js";

type Source = Pick<Supervisor, "registry">;

/** The durable chain of an agent. @throws RefusalError where it has none */
export function findChain({ registry }: Source, agentId: string): Chain {
  const chain = registry.things.chains.committed.get(agentId);
  if (chain === undefined) throw new RefusalError(chainNotFound(agentId).refusal);
  return chain;
}

/** The last interaction of an agent. */
export function showCurrent(source: Source, agentId: string): Result<"chain/current"> {
  const current = currentOf(findChain(source, agentId));
  // No chain is empty: what drops entries leaves the current one.
  if (current === undefined) throw new RefusalError(chainNotFound(agentId).refusal);
  return { agentId, ...showChainEntry(current) };
}

/** One page of the interactions of an agent. */
export function listChain(
  source: Source,
  { agentId, order, limit, cursor }: ValidParams<"chain/get">,
): Result<"chain/get"> {
  const chain = findChain(source, agentId);
  const position = decodeCursor<{ index: number }>(cursor, ["index"]);
  const all = [...entriesOf(chain)];
  if (order === "newest") all.reverse();
  const isBehind = (index: number): boolean =>
    position === undefined || (order === "newest" ? index < position.index : index > position.index);
  const start = all.findIndex(({ index }) => isBehind(index));
  const following = start < 0 ? [] : all.slice(start, start + limit + 1);
  return pageOf(
    following,
    { limit, total: chain.count },
    {
      show: showChainEntry,
      cursorOf: ({ index }) => ({ index }),
      lengthOf: (entry) => 200 + JSON.stringify(entry).length,
    },
  );
}

/** One page of the chains of all agents, the one that was appended to last first. */
export function listChains(
  { registry }: Source,
  { limit, cursor }: ValidParams<"chain/list">,
): Result<"chain/list"> {
  const position = decodeCursor<{ seq: number }>(cursor, ["seq"]);
  const { committed } = registry.things.chains;
  const following = [...committed.values()]
    .filter((chain) => position === undefined || lastSeqOf(chain) < position.seq)
    .sort((a, b) => lastSeqOf(b) - lastSeqOf(a));
  return pageOf(
    following.slice(0, limit + 1),
    { limit, total: committed.size },
    { show: showChain, cursorOf: (chain) => ({ seq: lastSeqOf(chain) }), lengthOf: () => 500 },
  );
}

function lastSeqOf(chain: Chain): number {
  return currentOf(chain)?.seq ?? 0;
}

/** Figures of the chain of an agent, and its sessions. */
export function summariseChain(source: Source, agentId: string): Result<"chain/summary"> {
  const chain = findChain(source, agentId);
  const sessionIds = new Set<string>();
  for (const { sessionId } of entriesOf(chain)) sessionIds.add(sessionId);
  return {
    ...showChain(chain),
    sessions: sessionIds.size,
    sessionIds: [...sessionIds].slice(-LIMITS.pageItems),
  };
}

/** Figures over the chains of all agents. */
export function chainStats({ registry }: Source): Result<"chain/stats"> {
  const { committed } = registry.things.chains;
  let [interactions, entries] = [0, 0];
  let [firstAt, lastAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const chain of committed.values()) {
    interactions += chain.appended;
    entries += chain.count;
    firstAt = Math.min(firstAt, chain.firstAt);
    lastAt = Math.max(lastAt, currentOf(chain)?.at ?? chain.firstAt);
  }
  return {
    agents: committed.size,
    interactions,
    entries,
    dropped: interactions - entries,
    ...(committed.size === 0 ? {} : { firstAt: showTime(firstAt), lastAt: showTime(lastAt) }),
  };
}
