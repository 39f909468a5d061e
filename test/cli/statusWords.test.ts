import { describe, expect, it } from "vitest";

import { commandOutcome } from "../../src/cli/statusWords.js";

describe("how a command is", () => {
  it("says what keeps it where that is not the keeper", () => {
    expect(commandOutcome({ status: "running" })).toBe("running");
    expect(commandOutcome({ status: "running", supervision: "keeper" })).toBe("running");
    expect(commandOutcome({ status: "running", supervision: "sh" })).toBe("running, kept by sh");
    expect(commandOutcome({ status: "running", supervision: "child", attempt: 2, maxAttempts: 3 })).toBe(
      "running, ends with the daemon, try 2 of 3",
    );
  });

  it("leaves open what sh cannot tell", () => {
    const ended = { status: "failed", cause: "exited", exitCode: 137 } as const;
    expect(commandOutcome({ ...ended, supervision: "sh" })).toBe("exit 137, or a signal");
    expect(commandOutcome(ended)).toBe("exit 137");
    expect(commandOutcome({ ...ended, exitCode: 7, supervision: "sh" })).toBe("exit 7");
  });
});
