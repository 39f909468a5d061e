import { describe, expect, it } from "vitest";

import { chainFile, chainsFile } from "../../../src/supervisor/chains/chainShape.js";
import { chainOf, entry } from "./chains.js";

const read = (pieces: Iterable<string>): unknown => JSON.parse([...pieces].join(""));
const DATE = "1970-01-01T00:00:09.000Z";

describe("the files of chains", () => {
  it("S3.7 hold the chain of an agent in the words of such files", () => {
    const chain = chainOf("a/b", [entry(4, { response: "r", metadata: { m: 1 } }), entry(5), entry(6)]);
    expect(read(chainFile(chain, 9_000))).toEqual({
      agent_id: "a/b",
      export_date: DATE,
      current_session_id: "s6",
      interaction_count: 6,
      total_interactions: 6,
      sessions: [
        {
          session_id: "s4",
          created_at: "1970-01-01T00:00:04.000Z",
          interaction_count: 4,
          last_prompt: "p4",
          last_response: "r",
          metadata: { m: 1 },
        },
        expect.objectContaining({ session_id: "s5", last_response: "", metadata: null }),
        expect.objectContaining({ session_id: "s6" }),
      ],
    });
  });

  it("S3.7 hold those of all agents in one, or of none", () => {
    const chains = [chainOf("a", [entry(1), entry(2), entry(3)]), chainOf("__proto__", [entry(1)])];
    const file = read(chainsFile(chains, 9_000)) as { agents: Record<string, { sessions: unknown[] }> };
    expect(file).toMatchObject({ export_date: DATE });
    expect(Object.entries(file.agents).map(([id, { sessions }]) => [id, sessions.length])).toEqual([
      ["a", 3],
      ["__proto__", 1],
    ]);
    expect(file.agents["a"]).toMatchObject({ current_session_id: "s3", total_interactions: 3 });
    expect(read(chainsFile([], 9_000))).toEqual({ export_date: DATE, agents: {} });
  });
});
