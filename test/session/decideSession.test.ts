import { describe, expect, it } from "vitest";

import type { Command } from "../../src/session/commands.js";
import { evolve } from "../../src/session/evolve.js";
import {
  after,
  CONFIG,
  create,
  decided,
  headOf,
  onlyEvent,
  session,
  STAMP,
  update,
  withMetadata,
} from "./samples.js";

describe("session/create", () => {
  it("makes a session of what was given", () => {
    const given = {
      name: "build",
      purpose: "why",
      description: "what",
      userId: "ada",
      workingDirectory: "/src",
      tags: ["a", "b"],
      metadata: { key: "value" },
      environment: { LANG: "C" },
    };
    const event = onlyEvent(decided(headOf([]), create(given)));
    expect(evolve(undefined, event, STAMP)).toEqual(
      session({
        ...given,
        sessionId: "new",
        createdSeq: 7,
        metadataLength: '"key":"value",'.length,
        createdAt: 9_000,
        updatedAt: 9_000,
        lastActivityAt: 9_000,
        lastActivityUp: 400,
      }),
    );
  });

  it("refuses an id that is in use", () => {
    expect(decided(headOf([session()]), create({ sessionId: "s" }))).toMatchObject({
      refusal: { type: "session_exists", message: 'A session "s" exists already.' },
    });
  });

  it("wants a parent that is there", () => {
    expect(decided(headOf([session()]), create({ parentId: "s" }))).toMatchObject({ events: [{}] });
    expect(decided(headOf([session()]), create({ parentId: "gone" }))).toMatchObject({
      refusal: { type: "session_not_found", message: 'There is no session "gone".' },
    });
  });

  it("refuses one more than there may be", () => {
    const head = headOf([session()]);
    expect(decided(head, create(), { bounds: { maxSessions: 2 } })).toHaveProperty("events");
    expect(decided(head, create(), { bounds: { maxSessions: 1 } })).toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "maxSessions", bound: 1 } },
    });
  });
});

describe.each([
  "session/update",
  "session/touch",
  "session/record",
  "session/pause",
  "session/resume",
  "session/end",
  "session/expire",
  "session/archive",
  "session/delete",
  "metadata/set",
  "metadata/delete",
] as const)("%s", (type) => {
  it("is refused where there is no such session", () => {
    const rest = { action: "a", status: "failed", limit: "idle", afterMs: 1, key: "k", value: 1 } as const;
    const command = { type, sessionId: "gone", ...rest } as Command;
    expect(decided(headOf([]), command)).toMatchObject({
      refusal: { type: "session_not_found", hint: "session/list shows those that there are" },
    });
  });
});

describe("session/update", () => {
  const full = session({
    name: "n",
    purpose: "p",
    description: "d",
    userId: "u",
    workingDirectory: "/w",
    tags: ["t"],
    environment: { A: "1" },
  });

  it("sets what is given and keeps the rest", () => {
    expect(after(full, update({ name: "new", tags: ["x", "y"], workingDirectory: "/v" }))).toEqual({
      ...full,
      name: "new",
      tags: ["x", "y"],
      workingDirectory: "/v",
      updatedAt: 9_000,
      lastActivityAt: 9_000,
      lastActivityUp: 400,
    });
  });

  it("removes a text by null, and only texts can be", () => {
    const emptied = after(full, update({ name: null, purpose: null, description: null, userId: null }));
    expect(emptied).toMatchObject({ workingDirectory: "/w", tags: ["t"], environment: { A: "1" } });
    for (const key of ["name", "purpose", "description", "userId"]) {
      expect(emptied).toHaveProperty(key, undefined);
    }
  });

  it("merges metadata, and replaces tags and environment", () => {
    const before = withMetadata({ a: 1, b: 2 });
    const merged = after(before, update({ metadata: { b: 3, c: [4] }, environment: { B: "2" } }));
    expect(merged).toMatchObject({ metadata: { a: 1, b: 3, c: [4] }, environment: { B: "2" } });
    expect(merged?.metadataLength).toBe('"a":1,"b":3,"c":[4],'.length);
  });

  it("merges the configuration, and journals it whole", () => {
    const event = onlyEvent(decided(headOf([full]), update({ config: { retry: { maxAttempts: 4 } } })));
    const config = { ...CONFIG, retry: { ...CONFIG.retry, maxAttempts: 4 } };
    expect(event).toMatchObject({ type: "session/updated", data: { config } });
    expect(evolve(full, event, STAMP)?.config).toEqual(config);
  });

  it("changes nothing where nothing is given", () => {
    expect(decided(headOf([full]), update({}))).toEqual({ events: [] });
    expect(decided(headOf([full]), update({ name: undefined, config: undefined }))).toEqual({ events: [] });
  });

  it("works on a paused session, and leaves it paused", () => {
    expect(after({ ...full, status: "paused" }, update({ name: "x" }))).toMatchObject({
      name: "x",
      status: "paused",
    });
  });
});

describe("session/record", () => {
  const record = (details: unknown): Command =>
    ({ type: "session/record", sessionId: "s", action: "looked", details }) as Command;

  it("counts the activity and what it cost", () => {
    const usage = { tool: "grep", durationMs: 5, inputTokens: 1, outputTokens: 2, costUsd: 0.5 };
    const command: Command = {
      type: "session/record",
      sessionId: "s",
      action: "looked",
      details: [1],
      usage,
    };
    expect(onlyEvent(decided(headOf([session()]), command)).data).toEqual({
      action: "looked",
      details: [1],
      usage,
    });
    expect(after(session(), command)).toMatchObject({
      activities: 1,
      lastActivityUp: 400,
      totals: { invocations: 1, durationMs: 5, toolsUsed: { grep: 1 }, estimatedCostUsd: 0.5 },
    });
  });

  it("holds details of so many characters as JSON", () => {
    const at = (details: unknown) =>
      decided(headOf([session()]), record(details), { bounds: { detailsLength: 10 } });
    expect(at(undefined)).toHaveProperty("events");
    expect(at("12345678")).toHaveProperty("events");
    expect(at("123456789")).toMatchObject({
      refusal: { type: "limit_reached", details: { limit: "detailsLength", bound: 10 } },
    });
  });
});

describe("the end of a session", () => {
  it("keeps its status, its reason and its time", () => {
    const command = { type: "session/end", sessionId: "s", status: "failed", reason: "no luck" } as const;
    expect(after(session(), command)).toEqual(
      session({ status: "failed", endReason: "no luck", endedAt: 9_000, updatedAt: 9_000 }),
    );
  });

  it("by a limit says which", () => {
    const command = { type: "session/expire", sessionId: "s", limit: "heartbeat", afterMs: 500 } as const;
    expect(after(session(), command)).toMatchObject({
      status: "timed_out",
      endReason: "heartbeat limit of 500 ms",
    });
  });

  it("comes once", () => {
    const ended = session({ status: "failed" });
    const again = (status: "failed" | "completed") =>
      decided(headOf([ended]), { type: "session/end", sessionId: "s", status });
    expect(again("failed")).toEqual({ events: [] });
    expect(again("completed")).toMatchObject({ refusal: { type: "invalid_transition" } });
  });
});

describe("pause and resume", () => {
  it("keep the time of the last activity, and count idleness anew from the resume", () => {
    const paused = after(session(), { type: "session/pause", sessionId: "s", reason: "lunch" });
    expect(paused).toEqual(session({ status: "paused", updatedAt: 9_000 }));
    expect(after(paused ?? session(), { type: "session/resume", sessionId: "s" })).toMatchObject({
      status: "active",
      lastActivityAt: 9_000,
      lastActivityUp: 400,
    });
  });

  it("change nothing where it is so already", () => {
    const paused = headOf([session({ status: "paused" })]);
    expect(decided(paused, { type: "session/pause", sessionId: "s" })).toEqual({ events: [] });
    expect(decided(headOf([session()]), { type: "session/resume", sessionId: "s" })).toEqual({ events: [] });
  });
});

describe("archive and delete", () => {
  const ended = session({ status: "completed", endedAt: 5 });

  it("archive beside the status, once", () => {
    const archived = after(ended, { type: "session/archive", sessionId: "s" });
    expect(archived).toEqual({ ...ended, archivedAt: 9_000, updatedAt: 9_000 });
    expect(decided(headOf([archived ?? ended]), { type: "session/archive", sessionId: "s" })).toEqual({
      events: [],
    });
  });

  it("delete what has ended, archived or not", () => {
    expect(after(ended, { type: "session/delete", sessionId: "s" })).toBeUndefined();
    expect(after({ ...ended, archivedAt: 6 }, { type: "session/delete", sessionId: "s" })).toBeUndefined();
  });

  it("delete nothing while its commands are being stopped", () => {
    const stopping = { ...ended, commands: { ...ended.commands, running: 2 } };
    expect(decided(headOf([stopping]), { type: "session/delete", sessionId: "s" })).toMatchObject({
      refusal: { type: "invalid_transition", hint: "try again in a moment" },
    });
  });
});
