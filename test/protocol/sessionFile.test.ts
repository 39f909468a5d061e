import { describe, expect, it } from "vitest";

import { readRegistryFile, readSessionFile } from "../../src/protocol/sessionFile.js";

const SESSION = { session_id: "a", created_at: "2025-11-08T10:30:00Z", status: "active" };
const AT = Date.UTC(2025, 10, 8, 10, 30);

describe("a session's file of somebody else's", () => {
  it("S1.10 needs an id, a time and a status", () => {
    expect(readSessionFile(SESSION)).toEqual({ file: { ...SESSION, created_at: AT }, ignored: [] });
    for (const key of Object.keys(SESSION)) {
      const { [key as keyof typeof SESSION]: _, ...rest } = SESSION;
      expect(readSessionFile(rest)).toEqual({ fault: expect.stringMatching(new RegExp(`^${key}: `)) });
    }
    for (const value of [null, [], 1, "x", undefined]) expect(readSessionFile(value)).toHaveProperty("fault");
  });

  it("S1.10 says what of it is passed over", () => {
    expect(readSessionFile({ ...SESSION, color: "red", size: 1 })).toMatchObject({
      ignored: ["color", "size"],
    });
  });

  it("S1.10 takes times with a zone, and those without one as UTC", () => {
    const time = (created_at: unknown): unknown => {
      const read = readSessionFile({ ...SESSION, created_at });
      return "file" in read ? read.file.created_at : read.fault;
    };
    for (const written of ["2025-11-08T10:30:00", "2025-11-08T10:30:00.000000", "2025-11-08T12:30:00+02:00"])
      expect(time(written)).toBe(AT);
    for (const written of [
      "",
      "2025-11-08",
      "10:30",
      "2025-13-08T10:30:00Z",
      "1960-01-01T00:00:00Z",
      AT,
      null,
    ])
      expect(String(time(written))).toMatch(/^created_at: /);
  });

  it("S1.10 has values within the bounds of a session", () => {
    for (const [changes, field] of [
      [{ session_id: "../a" }, "session_id"],
      [{ timeout_seconds: -1 }, "timeout_seconds"],
      [{ timeout_seconds: "3600" }, "timeout_seconds"],
      [{ timeout_seconds: 1e12 }, "timeout_seconds"],
      [{ name: "x".repeat(257) }, "name"],
      [{ working_directory: "relative" }, "working_directory"],
      [{ tags: [1] }, "tags.0"],
      [{ activity_log: {} }, "activity_log"],
      [{ activity_log: [{ action: "", timestamp: SESSION.created_at }] }, "activity_log.0.action"],
      [{ activity_log: Array.from({ length: 10_001 }, () => ({})) }, "activity_log"],
    ] as const) {
      const read = readSessionFile({ ...SESSION, ...changes });
      expect("fault" in read && read.fault.split(": ")[0]).toBe(field);
    }
  });
});

describe("a registry of somebody else's", () => {
  it("S1.10 has an entry for each session", () => {
    const entry = { created_at: "2025-11-08T10:30:00Z", status: "archived", timeout_seconds: 3600 };
    expect(readRegistryFile({ sessions: { a: entry } })).toEqual({
      file: { sessions: { a: { ...entry, created_at: AT } } },
      ignored: [],
    });
    expect(readRegistryFile({})).toEqual({ fault: expect.stringMatching(/^sessions: /) });
    expect(readRegistryFile({ sessions: { a: { ...entry, status: "x" } } })).toEqual({
      fault: expect.stringMatching(/^sessions\.a\.status: /),
    });
  });
});
