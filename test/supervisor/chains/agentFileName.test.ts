import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { agentFileName } from "../../../src/supervisor/chains/agentFileName.js";

const name = (agentId: string): string => agentFileName(agentId, new Set());

describe("the name of the file of an agent", () => {
  it("S3.7 is the agent's id where that can be one, and never a path", () => {
    expect(name("test-agent_1.2")).toBe("test-agent_1.2_sessions.json");
    expect(name("../../etc/passwd")).toBe("%2E.%2F..%2Fetc%2Fpasswd_sessions.json");
    expect(name("..")).toBe("%2E._sessions.json");
    expect(name("ä\0%")).toBe("%C3%A4%00%25_sessions.json");
  });

  it("is another one for each agent of a folder, also where capitals are not told apart", () => {
    const taken = new Set<string>();
    const long = "x".repeat(300);
    expect(["task", "Task", "TASK"].map((agentId) => agentFileName(agentId, taken))).toEqual([
      "task_sessions.json",
      "Task~2_sessions.json",
      "TASK~3_sessions.json",
    ]);
    expect(agentFileName(`${long}1`, taken)).not.toBe(agentFileName(`${long}2`, taken));
  });

  it("can be a file's, whatever the id is", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 128, unit: "binary" }), (agentId) => {
        expect(name(agentId)).toMatch(/^[A-Za-z0-9_%-][A-Za-z0-9._%-]*_sessions\.json$/);
        expect(name(agentId).length).toBeLessThanOrEqual(220);
      }),
    );
  });
});
