import type { LIMITS } from "../protocol/limits.js";
import type { UsageShape } from "../protocol/types.js";
import type { Session } from "./state.js";

/** The limit that the protocol states; its type alone comes from there, and holds the two together. */
const TOOL_NAMES: (typeof LIMITS)["toolNames"] = 256;

export const NO_TOTALS: Session["totals"] = {
  invocations: 0,
  durationMs: 0,
  toolsUsed: {},
  tokenUsage: { input: 0, output: 0 },
  estimatedCostUsd: 0,
};

/** The totals with one more report in them. A report that names a tool counts as one invocation. */
export function addUsage(totals: Session["totals"], usage: UsageShape | undefined): Session["totals"] {
  if (usage === undefined) return totals;
  return {
    invocations: totals.invocations + (usage.tool === undefined ? 0 : 1),
    durationMs: totals.durationMs + (usage.durationMs ?? 0),
    toolsUsed: usage.tool === undefined ? totals.toolsUsed : countTool(totals.toolsUsed, usage.tool),
    tokenUsage: {
      input: totals.tokenUsage.input + (usage.inputTokens ?? 0),
      output: totals.tokenUsage.output + (usage.outputTokens ?? 0),
    },
    estimatedCostUsd: totals.estimatedCostUsd + (usage.costUsd ?? 0),
  };
}

function countTool(toolsUsed: Readonly<Record<string, number>>, tool: string): Record<string, number> {
  const isKnown = Object.hasOwn(toolsUsed, tool);
  const name = isKnown || Object.keys(toolsUsed).length < TOOL_NAMES ? tool : "other";
  const before = Object.hasOwn(toolsUsed, name) ? toolsUsed[name] : undefined;
  return { ...toolsUsed, [name]: (before ?? 0) + 1 };
}
