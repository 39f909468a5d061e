import type { Registry } from "../registry.js";

/**
 * The ids of what was invoked in a session, oldest first: its commands, and the invocations that were told of. Of both
 * those that are in memory, so a session of many years names the last ones.
 */
export function invocationIdsOf(registry: Registry, sessionId: string): string[] {
  const commands = registry.executionsOf(sessionId).map(({ commandId, createdSeq }) => ({
    id: commandId,
    createdSeq,
  }));
  const invocations = [...registry.things.invocations.committedOf(sessionId)].map(
    ({ invocationId, createdSeq }) => ({ id: invocationId, createdSeq }),
  );
  return [...commands, ...invocations].toSorted((a, b) => a.createdSeq - b.createdSeq).map(({ id }) => id);
}
