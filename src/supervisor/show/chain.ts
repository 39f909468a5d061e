import type { ChainEntryShape, ChainShape } from "../../protocol/types.js";
import { currentOf } from "../../session/chain.js";
import type { Event, Stamp } from "../../session/events.js";
import type { Chain, ChainEntry } from "../../session/state.js";
import { showTime, withoutUndefined } from "./session.js";

/** A chain as the protocol shows it, without its entries. */
export function showChain(chain: Chain): ChainShape {
  const { agentId, firstAt, appended, count } = chain;
  const current = currentOf(chain);
  return {
    agentId,
    currentSessionId: current?.sessionId ?? "",
    interactions: appended,
    entries: count,
    dropped: appended - count,
    firstAt: showTime(firstAt),
    lastAt: showTime(current?.at ?? firstAt),
  };
}

/** One entry of a chain as the protocol shows it. */
export function showChainEntry({ at, ...entry }: ChainEntry): ChainEntryShape {
  return withoutUndefined({ ...entry, at: showTime(at) }) as ChainEntryShape;
}

/** The entry that an append has made, with its agent; nothing where it made none. */
export function showAppended([event]: readonly Event[], { at, seq }: Stamp): object {
  if (event?.type !== "chain/appended") return {};
  const { agentId, dropped: _, ...entry } = event.data;
  return { agentId, ...showChainEntry({ ...entry, at, seq }) };
}

/** What an event of a chain says. */
export function showChainEvent(event: Extract<Event, { type: `chain/${string}` }>): object {
  const { data } = event;
  return "before" in data ? { ...data, before: showTime(data.before) } : withoutUndefined(data);
}
