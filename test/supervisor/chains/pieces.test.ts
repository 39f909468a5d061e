import { describe, expect, it } from "vitest";

import { throughJson } from "../../session/model.js";
import { chainOf, entry, registryWith } from "./chains.js";

describe("a chain in a snapshot", () => {
  it("is an entry for each of its pieces, and one again after it", () => {
    const chains = [
      chainOf(
        "a",
        [1, 2, 3, 4, 5].map((index) => entry(index)),
      ),
      chainOf("b", [entry(9)]),
    ];
    const { things } = registryWith(chains);
    const entries = throughJson(things.committed());
    expect(entries.map(({ of, thing }) => [of, "chunks" in thing && thing.chunks])).toMatchObject([
      ["chain", [[{ index: 1 }, { index: 2 }]]],
      ["chain", [[{ index: 3 }, { index: 4 }]]],
      ["chain", [[{ index: 5 }]]],
      ["chain", [[{ index: 9 }]]],
    ]);
    const restored = registryWith([]);
    for (const one of entries) restored.things.restore(one);
    expect(throughJson([...restored.things.chains.committed.values()])).toEqual(chains);
    expect(["s4", "s5", "s9"].map((id) => restored.things.chains.isReferredTo(id))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
