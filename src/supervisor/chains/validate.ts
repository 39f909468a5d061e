import { LIMITS } from "../../protocol/limits.js";
import type { Result, ValidParams } from "../../protocol/types.js";
import { entriesOf } from "../../session/chain.js";
import type { ChainEntry } from "../../session/state.js";
import { findChain } from "../read/chains.js";
import { showTime } from "../show/session.js";
import type { Supervisor } from "../supervisor.js";

type Source = Pick<Supervisor, "registry">;
type Fault = Result<"chain/validate">["faults"][number];

/** Looks at every entry of the chain of an agent. */
export function validateChain(
  source: Source,
  { agentId, sessionId: asked }: ValidParams<"chain/validate">,
): Result<"chain/validate"> {
  const chain = findChain(source, agentId);
  const faults: Fault[] = [];
  let isInChain = false;
  let before: ChainEntry | undefined;
  for (const entry of entriesOf(chain)) {
    faults.push(...faultsOfOrder(before, entry), ...faultsOfSession(source, entry));
    isInChain ||= entry.sessionId === asked;
    before = entry;
  }
  return {
    agentId,
    isValid: faults.length === 0,
    ...(asked === undefined ? {} : { isInChain }),
    checked: chain.count,
    faultCount: faults.length,
    faults: faults.slice(0, LIMITS.pageItems),
  };
}

function faultsOfOrder(before: ChainEntry | undefined, { index, seq, at, sessionId }: ChainEntry): Fault[] {
  if (before === undefined) return [];
  const faults: Fault[] = [];
  if (index <= before.index || seq <= before.seq) {
    const message = `Interaction ${index} (event ${seq}) stands behind ${before.index} (event ${before.seq}).`;
    faults.push({ index, sessionId, kind: "out_of_order", message });
  }
  if (at < before.at) {
    const message = `Interaction ${index} was at ${showTime(at)}, before the one ahead of it: the clock was set back.`;
    faults.push({ index, sessionId, kind: "time_reversed", message });
  }
  return faults;
}

/** Of sessions that other tools keep nothing is known here. */
function faultsOfSession({ registry }: Source, { index, sessionId, sessionCreatedSeq }: ChainEntry): Fault[] {
  if (sessionCreatedSeq === undefined) return [];
  const session = registry.committedSessions.get(sessionId);
  if (session?.createdSeq === sessionCreatedSeq) return [];
  const message =
    session === undefined
      ? `Session "${sessionId}" of interaction ${index} was deleted.`
      : `Session "${sessionId}" of interaction ${index} was deleted; there is another one of this id now.`;
  return [{ index, sessionId, kind: "session_gone", message }];
}
