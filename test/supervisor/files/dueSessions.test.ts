import { describe, expect, it } from "vitest";

import { DueSessions } from "../../../src/supervisor/files/dueSessions.js";
import { CONFIG, session } from "../../session/samples.js";

const all = (...ids: string[]): ReadonlyMap<string, ReturnType<typeof session>> =>
  new Map(ids.map((sessionId) => [sessionId, session({ sessionId })]));

describe("what is due", () => {
  it("S1.5 is what changed an auto-save ago, as seen from the look before the change", () => {
    const due = new DueSessions(0);
    expect(due.take(1_000, all("s"))).toEqual([]);
    due.add("s");
    due.add("s");
    expect(due.size).toBe(1);
    // It may have changed right after 1,000, and its interval is 5 s.
    expect(due.take(2_000, all("s"))).toEqual([]);
    due.add("s");
    expect(due.take(5_999, all("s"))).toEqual([]);
    expect(due.take(6_000, all("s"))).toEqual(["s"]);
    expect(due.take(60_000, all("s"))).toEqual([]);
    expect(due.size).toBe(0);
  });

  it("S1.5 goes by each session's own settings; what is deleted or archived goes at once", () => {
    const due = new DueSessions(0);
    const quick = session({ sessionId: "quick", config: { ...CONFIG, autoSaveIntervalMs: 100 } });
    const archived = session({ sessionId: "archived", status: "failed", endedAt: 1, archivedAt: 2 });
    const sessions = new Map([...all("slow"), ["quick", quick], ["archived", archived]] as const);
    for (const sessionId of ["slow", "quick", "archived", "deleted"]) due.add(sessionId);
    expect(due.take(50, sessions)).toEqual(["archived", "deleted"]);
    expect(due.take(100, sessions)).toEqual(["quick"]);
    expect(due.take(Number.POSITIVE_INFINITY, sessions)).toEqual(["slow"]);
  });

  it("keeps the earlier of two times", () => {
    const due = new DueSessions(0);
    due.addAt("s", 300);
    due.addAt("s", 200);
    due.addAt("s", 400);
    expect(due.take(199, all("s"))).toEqual([]);
    expect(due.take(200, all("s"))).toEqual(["s"]);
  });
});
