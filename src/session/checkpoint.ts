import type { CheckpointEntry, CheckpointValue, Session } from "./state.js";

/** The value, or something that has its fields; those that may have no value may be left out. */
type Holder = Partial<CheckpointValue> & {
  readonly [
    Name in keyof CheckpointValue as undefined extends CheckpointValue[Name] ? never : Name
  ]: CheckpointValue[Name];
};

/**
 * What a checkpoint keeps of a session: all that a restore brings back, and nothing of what happened. Also of one that
 * was read: what JSON left out, because it had no value, has none again.
 */
export function valueOf(of: Holder): CheckpointValue {
  return {
    name: of.name,
    purpose: of.purpose,
    description: of.description,
    userId: of.userId,
    workingDirectory: of.workingDirectory,
    tags: of.tags,
    metadata: of.metadata,
    metadataLength: of.metadataLength,
    environment: of.environment,
    config: of.config,
    status: of.status,
    endedAt: of.endedAt,
    endReason: of.endReason,
    totals: of.totals,
    conversation: of.conversation,
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
