import { describe, expect, it } from "vitest";

import { rowOf } from "../../../src/cli/top/row.js";
import { before, command, session } from "./scene.js";

const usage = { cpuPercent: 1, memoryBytes: 2, processes: 3 };

describe("a row", () => {
  it.each([
    [{ running: 1, invoking: 1 }, "running"],
    [{ invoking: 1 }, "waiting"],
    [{}, "idle"],
    [{ status: "paused", running: 1 }, "paused"],
    [{ status: "timed_out", endedAt: before(1) }, "timed_out"],
  ] as const)("of a session with %j is %s", (fields, state) => {
    expect(rowOf(session(fields), undefined, undefined).state).toBe(state);
  });

  it("has what it uses, and the program that runs, without its path", () => {
    const made = rowOf(session({ running: 1, name: "n" }), usage, command({}));
    expect(made).toMatchObject({ ...usage, name: "n", runningCommands: 1, program: "make all" });
  });

  it("of one that has ended uses nothing, and was active until its end", () => {
    const made = rowOf(session({ status: "completed", endedAt: before(1) }), usage, undefined);
    expect(made.lastActivityAt).toBe(before(1));
    expect(made.cpuPercent).toBeUndefined();
  });
});
