import { describe, expect, it } from "vitest";

import { activityLog, registryEntry, sessionInFile } from "../../../src/supervisor/files/sessionShape.js";
import { CONFIG, session } from "../../session/samples.js";

const at = (atMs: number): string => new Date(atMs).toISOString();

describe("a session in its file", () => {
  it("S1.5 begins with what is documented, and has everything else beside it", () => {
    const file = sessionInFile(
      session({
        metadata: { user: "alice" },
        name: "n",
        tags: ["t"],
        environment: { API_TOKEN: "hunter2", LANG: "C" },
        config: { ...CONFIG, idleTimeoutMs: 90_500 },
        activities: 3,
      }),
    );
    expect(Object.keys(file).slice(0, 6)).toEqual([
      "session_id",
      "created_at",
      "last_activity",
      "status",
      "timeout_seconds",
      "metadata",
    ]);
    expect(file).toMatchObject({
      session_id: "s",
      created_at: "1970-01-01T00:00:01.000Z",
      last_activity: "1970-01-01T00:00:01.000Z",
      status: "active",
      timeout_seconds: 90.5,
      metadata: { user: "alice" },
      name: "n",
      tags: ["t"],
      created_seq: 1,
      environment: { API_TOKEN: "[redacted]", LANG: "C" },
      totals: { tools_used: {}, estimated_cost_usd: 0 },
      activity_count: 3,
    });
    expect(file["config"]).toMatchObject({
      idle_timeout_ms: 90_500,
      retry: { non_retryable_exit_codes: [] },
    });
    expect(JSON.stringify(file)).not.toMatch(/"[a-z]+[A-Z][A-Za-z]*":|hunter2|undefined/);
    expect(file).not.toHaveProperty("ended_at");
  });

  it("S1.5 has the documented status, and how it ended beside it", () => {
    const ended = { endedAt: 5_000, endReason: "why" };
    for (const [changes, status, endStatus] of [
      [{ status: "active" }, "active", undefined],
      [{ status: "paused" }, "paused", undefined],
      [{ status: "completed", ...ended }, "ended", "completed"],
      [{ status: "failed", ...ended }, "ended", "failed"],
      [{ status: "abandoned", ...ended }, "ended", "abandoned"],
      [{ status: "timed_out", ...ended }, "ended", "timed_out"],
      [{ status: "failed", ...ended, archivedAt: 6_000 }, "archived", "failed"],
    ] as const) {
      const file = sessionInFile(session(changes));
      expect([file["status"], file["end_status"]]).toEqual([status, endStatus]);
      expect(registryEntry(session(changes))).toEqual({ created_at: at(1_000), status, timeout_seconds: 0 });
      if (endStatus !== undefined) expect(file).toMatchObject({ ended_at: at(5_000), end_reason: "why" });
    }
  });
});

describe("the activities in a file", () => {
  it("S1.5 are in their order, without what is damaged or came in too late", () => {
    const usage = { tool: "t", durationMs: 5, costUsd: 0.1 };
    const items = [
      { seq: 9, at: 9_000, action: "too late" },
      { seq: 8, at: 8_000, action: "new", details: { a: 1 }, usage },
      { damaged: true, offset: 7 } as const,
      { seq: 5, at: 5_000, action: "old" },
    ];
    expect(activityLog({ items, next: undefined }, 8)).toEqual([
      { action: "old", timestamp: at(5_000) },
      {
        action: "new",
        timestamp: at(8_000),
        details: { a: 1 },
        usage: { tool: "t", duration_ms: 5, cost_usd: 0.1 },
      },
    ]);
  });

  it("S1.5 are fewer where they are long, the newest ones", () => {
    const items = Array.from({ length: 20 }, (_, index) => ({
      seq: 20 - index,
      at: 1,
      action: `a${20 - index}`,
      details: "x".repeat(60_000),
    }));
    const log = activityLog({ items, next: undefined }, 20) as { action: string }[];
    expect(log.map(({ action }) => action)).toEqual(["a13", "a14", "a15", "a16", "a17", "a18", "a19", "a20"]);
  });
});
