import type { Chain, ChainEntry } from "../../../src/session/state.js";
import { Registry } from "../../../src/supervisor/registry.js";

/** An interaction at 1,000 times its index. */
export function entry(index: number, changes: Partial<ChainEntry> = {}): ChainEntry {
  return { index, seq: index, at: 1_000 * index, sessionId: `s${index}`, prompt: `p${index}`, ...changes };
}

/** A chain of these entries, in pieces of two. */
export function chainOf(agentId: string, entries: readonly ChainEntry[]): Chain {
  const chunks: ChainEntry[][] = [];
  for (let at = 0; at < entries.length; at += 2) chunks.push(entries.slice(at, at + 2));
  const appended = entries.at(-1)?.index ?? 0;
  return { agentId, firstAt: entries[0]?.at ?? 0, appended, count: entries.length, chunks };
}

/** A registry that has these chains. */
export function registryWith(chains: readonly Chain[]): Registry {
  const registry = new Registry({ keepPerSession: 1 });
  for (const thing of chains) registry.things.restore({ of: "chain", thing });
  return registry;
}
