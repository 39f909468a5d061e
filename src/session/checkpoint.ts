import type { CheckpointEntry, CheckpointValue, Session } from "./state.js";

/** What a checkpoint keeps of a session: all that a restore brings back, and nothing of what happened. */
export function valueOf(session: Session): CheckpointValue {
  return {
    name: session.name,
    purpose: session.purpose,
    description: session.description,
    userId: session.userId,
    workingDirectory: session.workingDirectory,
    tags: session.tags,
    metadata: session.metadata,
    metadataLength: session.metadataLength,
    environment: session.environment,
    config: session.config,
    status: session.status,
    endedAt: session.endedAt,
    endReason: session.endReason,
    totals: session.totals,
    conversation: session.conversation,
  };
}

/** How large a value is as JSON in UTF-8, in bytes. */
export function sizeBytesOf(value: CheckpointValue): number {
  const text = JSON.stringify(value);
  let sizeBytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    // Each half of a pair is half of four bytes; JSON writes a half that stands alone as plain letters.
    const isHalf = code >= 0xd800 && code < 0xe000;
    sizeBytes += code < 0x800 || isHalf ? 1 : 2;
  }
  return sizeBytes;
}

/** The checkpoint of an id that a session has; the newest that somebody asked for where no id is given. */
export function findCheckpoint(session: Session, checkpointId?: string): CheckpointEntry | undefined {
  return session.checkpoints.findLast((entry) =>
    checkpointId === undefined ? !entry.automatic : entry.checkpointId === checkpointId,
  );
}
