import { describe, expect, it } from "vitest";

import { Transfers } from "../../src/supervisor/transfers.js";

describe("transfers", () => {
  it("are listed as long as they are under way, with how far they have come", () => {
    const transfers = new Transfers();
    const one = transfers.begin({ kind: "export", sessionId: "s", path: "/f", total: 10, unit: "items" });
    const two = transfers.begin({ kind: "import", path: "/g", total: 99, unit: "bytes" });
    one.advanceTo(4);
    const { items } = transfers.list();
    one.advanceTo(5);
    expect(items).toEqual([
      { kind: "export", sessionId: "s", path: "/f", total: 10, unit: "items", done: 4 },
      { kind: "import", path: "/g", total: 99, unit: "bytes", done: 0 },
    ]);
    one.end();
    one.end();
    two.end();
    expect(transfers.list().items).toEqual([]);
  });
});
