import type { Bounds, Command } from "./commands.js";
import {
  type Decision,
  happened,
  type Head,
  limitReached,
  NOTHING,
  refuse,
  type Refused,
} from "./decision.js";
import type { Event, Stamp } from "./events.js";
import type { Chain, ChainEntry } from "./state.js";

type Of<T extends Command["type"]> = Extract<Command, { type: T }>;
type ChainEvent = Extract<Event, { type: `chain/${string}` }>;

/** Entries of one piece of a chain. */
const CHUNK = 64;

/** Decides what is asked of the chain of an agent. */
export function decideChain(
  head: Head,
  command: Of<"chain/append" | "chain/reset" | "chain/trim">,
  bounds: Bounds,
): Decision {
  const { agentId } = command;
  const chain = head.things.chains.head(agentId);
  if (command.type === "chain/append") return append(head, chain, command, bounds);
  if (command.type === "chain/reset") {
    if (chain === undefined) return chainNotFound(agentId);
    return happened({ type: "chain/reset", data: { agentId } });
  }
  const { before } = command;
  const dropped = chain === undefined ? 0 : countBefore(chain, before);
  return dropped === 0 ? NOTHING : happened({ type: "chain/trimmed", data: { agentId, before, dropped } });
}

function append(
  head: Head,
  chain: Chain | undefined,
  { agentId, entry }: Of<"chain/append">,
  bounds: Bounds,
): Decision {
  const { headSize } = head.things.chains;
  if (chain === undefined && headSize >= bounds.chains) {
    const message = `There are chains of ${headSize} agents, and no more than ${bounds.chains} are allowed.`;
    return limitReached("chains", bounds.chains, message, "forget some with chain/reset");
  }
  const { sessionId, prompt, response, metadata } = entry;
  const length = metadata === undefined ? 0 : JSON.stringify(metadata).length;
  const bound = bounds.chainMetadataLength;
  if (length > bound) {
    const message = `The metadata of the interaction has ${length} characters as JSON; ${bound} are allowed.`;
    return limitReached(
      "chainMetadataLength",
      bound,
      message,
      "write what is large to a file, and its path here",
    );
  }
  const dropped = Math.max(0, (chain?.count ?? 0) + 1 - bounds.chainEntries);
  return happened({
    type: "chain/appended",
    data: {
      agentId,
      index: (chain?.appended ?? 0) + 1,
      sessionId,
      sessionCreatedSeq: head.session(sessionId)?.createdSeq,
      prompt: cut(prompt, bounds.textLength),
      response: response === undefined ? undefined : cut(response, bounds.chainResponseLength),
      metadata,
      dropped: dropped === 0 ? undefined : dropped,
    },
  });
}

/** The beginning of a text, so long at most; no character of two halves is cut in the middle. */
function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return text.slice(0, /[\uD800-\uDBFF]/.test(text.charAt(length - 1)) ? length - 1 : length);
}

/** The chain after an event, as a new object; undefined once it is forgotten. */
export function evolveChain(chain: Chain | undefined, event: Event, stamp: Stamp): Chain | undefined {
  switch (event.type) {
    case "chain/appended":
      return appended(chain, event, stamp);
    case "chain/trimmed":
      return chain === undefined ? undefined : trimmed(chain, event.data.before);
    case "chain/reset":
      return undefined;
    default:
      return chain;
  }
}

function appended(
  chain: Chain | undefined,
  { data }: Extract<ChainEvent, { type: "chain/appended" }>,
  { seq, at }: Stamp,
): Chain {
  const { agentId, dropped = 0, ...fields } = data;
  const entry: ChainEntry = { ...fields, seq, at };
  const { firstAt = at, count = 0, chunks = [] } = chain ?? {};
  return {
    agentId,
    firstAt,
    appended: fields.index,
    count: count + 1 - dropped,
    chunks: withoutOldest(withEntry(chunks, entry), dropped),
  };
}

function withEntry(chunks: Chain["chunks"], entry: ChainEntry): Chain["chunks"] {
  const last = chunks.at(-1);
  if (last === undefined || last.length >= CHUNK) return [...chunks, [entry]];
  return [...chunks.slice(0, -1), [...last, entry]];
}

function withoutOldest(chunks: Chain["chunks"], count: number): Chain["chunks"] {
  const [first, ...others] = chunks;
  if (count === 0 || first === undefined) return chunks;
  if (count >= first.length) return withoutOldest(others, count - first.length);
  return [first.slice(count), ...others];
}

function trimmed(chain: Chain, before: number): Chain {
  const kept = [...entriesOf(chain)].filter((entry) => stays(chain, entry, before));
  const chunks: ChainEntry[][] = [];
  for (let at = 0; at < kept.length; at += CHUNK) chunks.push(kept.slice(at, at + CHUNK));
  return { ...chain, count: kept.length, chunks };
}

/** How many entries came before a time, epoch milliseconds; the current one counts for none. */
export function countBefore(chain: Chain, before: number): number {
  let count = 0;
  for (const entry of entriesOf(chain)) if (!stays(chain, entry, before)) count += 1;
  return count;
}

/** The current one stays however old it is, so that the agent can go on. */
function stays({ appended }: Chain, { index, at }: ChainEntry, before: number): boolean {
  return at >= before || index === appended;
}

/** The entries of a chain, oldest first. */
export function* entriesOf({ chunks }: Chain): Generator<ChainEntry> {
  for (const chunk of chunks) yield* chunk;
}

/** The entry whose session is where the agent goes on. */
export function currentOf({ chunks }: Chain): ChainEntry | undefined {
  return chunks.at(-1)?.at(-1);
}

/** The agent whose chain an event is about, if any. */
export function agentIdOf(event: Event): string | undefined {
  switch (event.type) {
    case "chain/appended":
    case "chain/trimmed":
    case "chain/reset":
      return event.data.agentId;
    default:
      return undefined;
  }
}

export function chainNotFound(agentId: string): Refused {
  return refuse("chain_not_found", `Agent "${agentId}" has no chain of sessions.`, {
    hint: "chain/list shows the agents that have one; chain/append begins one",
  });
}
