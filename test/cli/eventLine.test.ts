import { describe, expect, it } from "vitest";

import type { StreamItem } from "../../client/index.js";
import { eventLine } from "../../src/cli/eventLine.js";
import { textWidth } from "../../src/cli/textWidth.js";

const at = "2026-11-21T12:00:00.000Z";
const base = { seq: 7, at, sessionId: "s-1" };

function line(item: object, width = Number.POSITIVE_INFINITY): string {
  const paint = (style: string, text: string): string => (style === "dim" ? text : `<${style}>${text}`);
  return eventLine(item as StreamItem, { paint, width, short: (id) => id });
}

describe("eventLine", () => {
  it.each<[object, string]>([
    [{ type: "session/created", data: { name: "build" } }, "build"],
    [{ type: "session/created", data: {} }, ""],
    [{ type: "session/updated", data: { name: "x", tags: [] } }, "name, tags"],
    [{ type: "session/paused", data: { reason: "lunch" } }, "lunch"],
    [{ type: "session/claimed", data: { epoch: 2, holder: "ada" } }, "ada, epoch 2"],
    [{ type: "session/claimed", data: { epoch: 3 } }, "somebody, epoch 3"],
    [{ type: "session/released", data: { epoch: 3, reason: "session_ended" } }, "session ended, epoch 3"],
    [{ type: "session/ended", data: { status: "failed", reason: "exit 3" } }, "<red>failed: exit 3"],
    [{ type: "session/ended", data: { status: "timed_out" } }, "<magenta>timed out"],
    [{ type: "activity/recorded", data: { action: "edit" } }, "edit"],
    [{ type: "activity/recorded", data: { action: "edit", details: { a: 1 } } }, 'edit {"a":1}'],
    [{ type: "metadata/set", data: { key: "k", value: [1] } }, "k = [1]"],
    [{ type: "invocation/started", data: { tool: "grep" } }, "grep"],
    [
      { type: "invocation/finished", data: { tool: "grep", status: "failed", durationMs: 1_200 } },
      "<red>grep: failed in 1.2 s",
    ],
    [{ type: "invocation/linked", data: { tool: "git", status: "succeeded" } }, "git: succeeded"],
    [{ type: "metadata/deleted", data: { key: "k" } }, "k"],
    [{ type: "checkpoint/created", data: { checkpointId: "k", label: "before" } }, "before"],
    [{ type: "checkpoint/created", data: { checkpointId: "k" } }, "k"],
    [{ type: "checkpoint/restored", data: { checkpointId: "k", status: "timed_out" } }, "k, timed out"],
    [{ type: "checkpoint/deleted", data: { checkpointId: "k" } }, "k"],
    [{ type: "command/accepted", data: { argv: ["echo", "hi"] } }, "echo hi"],
    [{ type: "command/imported", data: { argv: ["echo", "hi"] } }, "echo hi"],
    [{ type: "command/started", data: { pid: 12, attempt: 2 } }, "pid 12, try 2"],
    [
      {
        type: "command/retrying",
        data: { attempt: 1, cause: "exited", exitCode: 4, nextAttemptAt: "2026-11-21T12:00:01.500Z" },
      },
      "<yellow>try 1: exit 4; again in 1.5 s",
    ],
    [
      { type: "command/retrying", data: { attempt: 1, cause: "start_failed", nextAttemptAt: at } },
      "<yellow>try 1: start failed; again in 0 ms",
    ],
    [{ type: "session/bound", data: { pid: 42, name: "agent", onExit: "exit_code" } }, "process 42 (agent)"],
    [{ type: "session/bound", data: { pid: 42, onExit: "fail" } }, "process 42"],
    [{ type: "session/unbound", data: { pid: 42, reason: "process_gone" } }, "process 42, process gone"],
    [
      { type: "command/stalled", data: { action: "tell", afterMs: 60_000 } },
      "<yellow>no sign of life for 1 min: tell",
    ],
    [
      { type: "command/recovered", data: { sign: "output", stalledMs: 90_000 } },
      "output again, after 1 min 30 s",
    ],
    [{ type: "command/signalled", data: { signal: "SIGINT" } }, "SIGINT"],
    [
      { type: "command/ended", data: { status: "failed", cause: "exited", exitCode: 3, durationMs: 1_500 } },
      "<red>exit 3 in 1.5 s",
    ],
    [
      { type: "command/ended", data: { status: "lost", cause: "daemon_lost", durationMs: 0 } },
      "<red>lost (daemon lost) in 0 ms",
    ],
    [{ type: "session/touched", data: {} }, ""],
  ])("says what is worth knowing of %j", (event, said) => {
    const { type } = event as { type: string };
    expect(line({ ...base, ...event }).slice("12:00:00".length)).toBe(
      `     7 s-1  ${`${type.padEnd(19)}  ${said}`.trimEnd()}\n`,
    );
  });

  it("says that some are missing", () => {
    expect(line({ type: "gap", seq: 9, oldestSeq: 8 })).toBe(
      "<yellow>… events before 8 are no longer kept\n",
    );
  });

  it("fits the terminal, and lets nothing act on it", () => {
    const created = { ...base, type: "session/created", data: { name: `\u001B[2J${"long ".repeat(40)}` } };
    const shown = line(created, 80).trimEnd();
    expect(textWidth(shown)).toBe(80);
    expect(shown).not.toContain("\u001B");
  });
});
