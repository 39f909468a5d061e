import { describe, expect, it } from "vitest";

import { decideExecution } from "../../src/session/decideExecution.js";
import { evolveExecution } from "../../src/session/evolveExecution.js";
import { mergePatches, mergeSettings } from "../../src/session/settings.js";
import type { EndCause } from "../../src/session/state.js";
import { CONFIG, decided, ended, execution, headOf, onlyEvent, session } from "./samples.js";

const STAMP = { seq: 9, at: 9_000, up: 9_000 };
const LIMITS = ["memory_limit", "process_limit", "cpu_limit"] as const satisfies EndCause[];

describe("a command that ran into a limit of the machine", () => {
  const running = session({ commands: { total: 1, running: 1, succeeded: 0, failed: 0, retries: 0 } });

  it.each(LIMITS)("by %s is tried again where its policy says so", (cause) => {
    const event = onlyEvent(decided(headOf([running], [execution()]), ended({ outcome: { cause } })));
    expect(event).toMatchObject({ type: "command/retrying", data: { cause } });
  });

  it.each(LIMITS)(
    "by %s has failed after its last try, and is cancelled where somebody asked for that",
    (cause) => {
      const last = execution({ attempt: 3 });
      const outcome = { cause, signal: "SIGKILL", refusedForks: 2 };
      const statusOf = (of: typeof last): unknown =>
        onlyEvent(decided(headOf([running], [of]), ended({ attempt: 3, outcome }))).data;
      expect(statusOf(last)).toMatchObject({ status: "failed", cause, refusedForks: 2 });
      expect(statusOf({ ...last, cancelled: true })).toMatchObject({ status: "cancelled", cause });
    },
  );
});

describe("who holds a try", () => {
  const process = { pid: 7 };
  const report = { type: "command/report-start", commandId: "c", attempt: 1, process } as const;
  const starting = execution({ status: "starting", attempt: 0 });

  it("stands in the event where it is limited, and else there is no such key", () => {
    const head = headOf([session()], [starting]);
    const bounds = undefined as never;
    const of = (command: Parameters<typeof decideExecution>[1]): unknown =>
      onlyEvent(decideExecution(head, command, { at: 1 }, bounds)).data;
    const holding = { enforcedBy: "cgroup" } as const;
    expect(of({ ...report, holding })).toEqual({ commandId: "c", attempt: 1, process, holding });
    expect(of(report)).toEqual({ commandId: "c", attempt: 1, process });
  });

  it("goes with the try, as does what the kernel refused", () => {
    const event = {
      type: "command/started",
      sessionId: "s",
      data: { commandId: "c", attempt: 2, process },
    } as const;
    const before = execution({ holding: { enforcedBy: "cgroup" }, refusedForks: 5 });
    // One from before there were limits has nothing to say, and its events have no such key.
    expect(evolveExecution(before, event, STAMP)).toMatchObject({
      holding: undefined,
      refusedForks: undefined,
    });
    const held = { ...event, data: { ...event.data, holding: { notHeld: ["cpuPercent"] } } } as const;
    expect(evolveExecution(before, held, STAMP)?.holding).toEqual({ notHeld: ["cpuPercent"] });
    const data = { commandId: "c", attempt: 2, cause: "exited", refusedForks: 3, nextAttemptAt: 1 } as const;
    const retrying = { type: "command/retrying", sessionId: "s", data } as const;
    expect(evolveExecution(before, retrying, STAMP)?.refusedForks).toBe(3);
  });
});

describe("the limits of a session", () => {
  it("are merged one by one, and are not there where nobody ever set one", () => {
    expect(mergeSettings(CONFIG, { graceMs: 1 })).not.toHaveProperty("limits");
    const once = mergeSettings(CONFIG, { limits: { memoryBytes: 5, processes: undefined } });
    expect(once.limits).toEqual({ memoryBytes: 5 });
    expect(mergeSettings(once, { limits: { processes: 7 } }).limits).toEqual({
      memoryBytes: 5,
      processes: 7,
    });
    expect(mergeSettings(once, { graceMs: 1 }).limits).toEqual({ memoryBytes: 5 });
    expect(mergePatches({ limits: { memoryBytes: 5 } }, { limits: { memoryBytes: 0 } }).limits).toEqual({
      memoryBytes: 0,
    });
    expect(mergePatches(undefined, {})).not.toHaveProperty("limits");
  });
});
