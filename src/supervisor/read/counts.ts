import { isOver } from "../../session/state.js";
import type { Registry } from "../registry.js";

/** How many sessions there are, by status, and how many activities they hold. */
export function countSessions(registry: Registry): {
  total: number;
  archived: number;
  activities: number;
  byStatus: Record<string, number>;
} {
  const counts = { total: registry.committedSessions.size, archived: 0, activities: 0 };
  const byStatus: Record<string, number> = {};
  for (const session of registry.committedSessions.values()) {
    byStatus[session.status] = (byStatus[session.status] ?? 0) + 1;
    if (session.archivedAt !== undefined) counts.archived += 1;
    counts.activities += session.activities;
  }
  return { ...counts, byStatus };
}

/** How many commands there are, by status. */
export function countCommands(registry: Registry): {
  total: number;
  running: number;
  byStatus: Record<string, number>;
} {
  const byStatus: Record<string, number> = {};
  let running = 0;
  for (const { status } of registry.committedExecutions.values()) {
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    if (!isOver(status)) running += 1;
  }
  return { total: registry.committedExecutions.size, running, byStatus };
}
