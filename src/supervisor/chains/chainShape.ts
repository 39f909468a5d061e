import { currentOf } from "../../session/chain.js";
import type { Chain, ChainEntry } from "../../session/state.js";
import { showTime, withoutUndefined } from "../show/session.js";

/**
 * The chain of one agent as its file has it, piece by piece: the names are those of programs that keep such chains in
 * files. `interaction_count` and `total_interactions` are all that ever were; those that are still there are listed.
 */
export function* chainFile(chain: Chain, exportedAtMs: number): Generator<string> {
  const head = {
    agent_id: chain.agentId,
    export_date: showTime(exportedAtMs),
    current_session_id: currentOf(chain)?.sessionId,
    interaction_count: chain.appended,
    total_interactions: chain.appended,
  };
  yield `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "sessions": [`;
  yield* sessionLines(chain, "    ");
  yield "\n  ]\n}\n";
}

/** The chains of all agents in one file, in the same words. */
export function* chainsFile(chains: Iterable<Chain>, exportedAtMs: number): Generator<string> {
  yield `{\n  "export_date": ${JSON.stringify(showTime(exportedAtMs))},\n  "agents": {`;
  let isFirst = true;
  for (const chain of chains) {
    const { agentId, appended } = chain;
    yield `${isFirst ? "" : ","}\n    ${JSON.stringify(agentId)}: {\n      "current_session_id": ${JSON.stringify(currentOf(chain)?.sessionId)},\n`;
    yield `      "total_interactions": ${appended},\n      "sessions": [`;
    yield* sessionLines(chain, "        ");
    yield "\n      ]\n    }";
    isFirst = false;
  }
  yield isFirst ? "}\n}\n" : "\n  }\n}\n";
}

/** One line an entry; a piece of the chain at a time. */
function* sessionLines({ chunks }: Chain, indent: string): Generator<string> {
  let comma = "";
  for (const chunk of chunks) {
    const lines = chunk.map((entry) => `\n${indent}${JSON.stringify(entryInFile(entry))}`);
    yield `${comma}${lines.join(",")}`;
    comma = ",";
  }
}

function entryInFile({ sessionId, at, index, prompt, response, metadata }: ChainEntry): object {
  return withoutUndefined({
    session_id: sessionId,
    created_at: showTime(at),
    interaction_count: index,
    last_prompt: prompt,
    last_response: response ?? "",
    metadata: metadata ?? null,
  });
}
