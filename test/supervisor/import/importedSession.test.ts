import { describe, expect, it } from "vitest";

import { readSessionFile } from "../../../src/protocol/sessionFile.js";
import { commandOfFile } from "../../../src/supervisor/import/importedSession.js";
import { sessionInFile } from "../../../src/supervisor/files/sessionShape.js";
import { CONFIG, decided, headOf, session } from "../../session/samples.js";

const CREATED = Date.UTC(2025, 10, 8, 10, 30);
const ACTIVE = CREATED + 60_000;
const FILE = {
  session_id: "old",
  created_at: "2025-11-08T10:30:00Z",
  last_activity: "2025-11-08T10:31:00Z",
  status: "active",
};

function commandOf(changes: object, isArchived = false): ReturnType<typeof commandOfFile> {
  const read = readSessionFile({ ...FILE, ...changes });
  if ("fault" in read) throw new Error(read.fault);
  return commandOfFile(read.file, { nowMs: ACTIVE, defaults: CONFIG, isArchived });
}

describe("a session out of a file", () => {
  it("S1.10 has the defaults where the file says nothing", () => {
    expect(commandOf({ last_activity: undefined })).toMatchObject({
      sessionId: "old",
      createdAt: CREATED,
      lastActivityAt: CREATED,
      config: CONFIG,
      metadata: {},
      tags: [],
      activities: [],
    });
    const log = [{ action: "a", timestamp: "2025-11-08T10:30:30Z", details: null }];
    expect(commandOf({ last_activity: undefined, activity_log: log })).toMatchObject({
      lastActivityAt: CREATED + 30_000,
      activities: [{ at: CREATED + 30_000, action: "a", details: undefined }],
    });
    expect(commandOf({ timeout_seconds: 1.5 })).toMatchObject({
      config: { ...CONFIG, idleTimeoutMs: 1_500 },
    });
    expect(commandOf({ timeout_seconds: 0 })).toMatchObject({ config: { idleTimeoutMs: 0 } });
  });

  it("S1.10 has the status that the file's word stands for, and is one that may be", () => {
    const at = "2025-11-08T10:30:30Z";
    for (const [changes, isArchived, status, isArchivedNow] of [
      [{ status: "active" }, false, "active", false],
      [{ status: "paused" }, false, "paused", false],
      [{ status: "ended" }, false, "completed", false],
      [{ status: "ended", end_status: "failed" }, false, "failed", false],
      [{ status: "archived" }, false, "completed", true],
      [{ status: "archived", end_status: "timed_out" }, false, "timed_out", true],
      [{ status: "abandoned" }, false, "abandoned", false],
      [{ status: "active" }, true, "completed", true],
      [{ status: "failed" }, true, "failed", true],
      [{ status: "ended", ended_at: at, end_reason: "r", archived_at: at }, true, "completed", true],
      [{ status: "active", end_status: "failed", ended_at: at }, false, "active", false],
    ] as const) {
      const command = commandOf(changes, isArchived);
      if ("fault" in command) throw new Error(command.fault);
      expect(command.status).toBe(status);
      expect(command.archivedAt !== undefined).toBe(isArchivedNow);
      expect(decided(headOf([]), command)).toHaveProperty("events");
    }
    expect(commandOf({ status: "ended" })).toMatchObject({ endedAt: ACTIVE });
    expect(commandOf({ status: "ended", ended_at: at, end_reason: "r" })).toMatchObject({
      endedAt: CREATED + 30_000,
      endReason: "r",
    });
  });

  it("S1.10 is refused where its times cannot be", () => {
    expect(commandOf({ last_activity: "2025-11-08T10:29:59Z" })).toEqual({
      fault: "last_activity: it lies before created_at",
    });
    const later = "2025-11-09T10:31:01Z";
    expect(commandOf({ last_activity: later })).toEqual({ fault: "last_activity: it lies in the future" });
    expect(commandOf({ created_at: later })).toEqual({ fault: "created_at: it lies in the future" });
    expect(commandOf({ last_activity: "2025-11-09T10:31:00Z" })).toHaveProperty("type");
  });

  it("S1.10 comes back out of the file that this daemon writes", () => {
    const changes = {
      name: "n",
      purpose: "p",
      description: "d",
      userId: "u",
      workingDirectory: "/w",
      tags: ["t"],
      metadata: { a: [1] },
      status: "failed",
      createdAt: CREATED,
      lastActivityAt: ACTIVE,
      endedAt: ACTIVE,
      endReason: "r",
      archivedAt: ACTIVE,
    } as const;
    expect(commandOf(JSON.parse(JSON.stringify(sessionInFile(session(changes)))) as object)).toMatchObject(
      changes,
    );
  });
});
