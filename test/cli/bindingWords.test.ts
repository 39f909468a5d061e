import { expect, it } from "vitest";

import type { SessionShape } from "../../client/index.js";
import { bindingWords } from "../../src/cli/bindingWords.js";

const NOW = Date.parse("2026-11-21T12:00:00.000Z");
const bound = { pid: 42, name: "agent", onExit: "fail", boundAt: "2026-11-21T11:57:00.000Z" } as const;
const gone = { ...bound, goneAt: "2026-11-21T11:59:30.000Z" };

it.each([
  [undefined, undefined],
  [bound, "42 (agent), bound 3 min ago"],
  [{ ...bound, name: undefined }, "42, bound 3 min ago"],
  [gone, "42 (agent), gone 30 s ago"],
  [{ ...gone, exitCode: 3 }, "42 (agent), exit 3, gone 30 s ago"],
  [{ ...gone, signal: "SIGKILL" }, "42 (agent), SIGKILL, gone 30 s ago"],
])("%j is told as %j", (binding, words) => {
  expect(bindingWords({ binding } as unknown as SessionShape, NOW)).toBe(words);
});
