/**
 * The name of a session's file for people. An id can be no path, so neither can this.
 *
 * Where the file system does not tell capitals from small letters, "Task" and "task" would be one file: there, an
 * id with capitals gets a mark that says where they are (`session_Task~1.json`). No id has a `~`.
 */
export function sessionFileName(sessionId: string, isCaseSensitive: boolean): string {
  const capitals = isCaseSensitive ? 0n : capitalsOf(sessionId);
  return capitals === 0n ? `session_${sessionId}.json` : `session_${sessionId}~${capitals.toString(16)}.json`;
}

/** The session that a file of this name is about, compressed or not; undefined where it is no such name. */
export function idOfFileName(name: string): string | undefined {
  return /^session_([A-Za-z0-9][A-Za-z0-9._-]{0,127})(?:~[0-9a-f]+)?\.json(?:\.gz)?$/.exec(name)?.[1];
}

/** One bit for each character, set where it is a capital. */
function capitalsOf(sessionId: string): bigint {
  let bits = 0n;
  for (let index = 0; index < sessionId.length; index += 1) {
    if (/[A-Z]/.test(sessionId.charAt(index))) bits |= 1n << BigInt(index);
  }
  return bits;
}
