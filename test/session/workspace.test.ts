import { describe, expect, it } from "vitest";

import { evolve } from "../../src/session/evolve.js";
import type { Workspace } from "../../src/session/state.js";
import { after, create, decided, headOf, onlyEvent, session, STAMP } from "./samples.js";

const workspace: Workspace = { kind: "folder", path: "/w", keep: "never", token: "t" };
const release = { type: "workspace/release", sessionId: "s", outcome: "removed" } as const;

describe("a workspace", () => {
  it("is what its session was created with", () => {
    const event = onlyEvent(decided(headOf([]), create({ workspace, workingDirectory: "/w" })));
    expect(evolve(undefined, event, STAMP)).toMatchObject({ workspace, workingDirectory: "/w" });
  });

  it("is released once, by a session in any status, and that is no activity of it", () => {
    for (const status of ["active", "paused", "completed"] as const) {
      const before = session({ workspace, status });
      const released = after(before, release);
      expect(released).toEqual({
        ...before,
        workspace: { ...workspace, released: { outcome: "removed", reason: undefined } },
        updatedAt: STAMP.at,
      });
      expect(decided(headOf(released === undefined ? [] : [released]), release)).toEqual({ events: [] });
    }
    const kept = after(session({ workspace }), { ...release, outcome: "kept", reason: "changes" });
    expect(kept?.workspace?.released).toEqual({ outcome: "kept", reason: "changes" });
  });

  it("is nothing to release where there is none", () => {
    expect(decided(headOf([session()]), release)).toEqual({ events: [] });
    expect(decided(headOf([]), release)).toMatchObject({ refusal: { type: "session_not_found" } });
    const event = onlyEvent(decided(headOf([session({ workspace })]), release));
    expect(evolve(session(), event, STAMP)?.workspace).toBeUndefined();
  });

  it("stays with its session through everything else", () => {
    const before = session({ workspace });
    for (const command of [
      { type: "metadata/set", sessionId: "s", key: "k", value: 1 },
      { type: "session/update", sessionId: "s", workingDirectory: "/elsewhere" },
      { type: "session/end", sessionId: "s", status: "completed" },
    ] as const)
      expect(after(before, command)?.workspace).toEqual(workspace);
  });
});
