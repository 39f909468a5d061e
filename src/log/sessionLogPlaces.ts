import { readlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What names the log of one session for ever: an id may be used again after a deletion, with another seq. */
export interface LogOwner {
  readonly sessionId: string;
  readonly createdSeq: number;
}

/** First part of the names of a session's log files, which lie in a folder of their own. */
export const SESSION_FILES = "session";

/** Name of the folders of one session's log. Ids that differ by case alone differ by their seq here. */
export function logName({ sessionId, createdSeq }: LogOwner): string {
  return `${sessionId}~${createdSeq}`;
}

/** The folder of the files that are written. */
export function logFolder(logDir: string, owner: LogOwner): string {
  return join(logDir, "sessions", logName(owner));
}

/** The folder of the files that were compressed when the session was archived. */
export function logArchive(logDir: string, owner: LogOwner): string {
  return join(logDir, "archive", logName(owner));
}

/**
 * The symbolic link that leads to the live file: `session_<id>.log`. Where a file system takes upper and lower
 * case for the same, and another id has that name already, the seq is added to it.
 */
export async function logLink(logDir: string, owner: LogOwner): Promise<string> {
  const usual = join(logDir, `session_${owner.sessionId}.log`);
  const ledTo = await ownerOfLink(usual);
  const isFree = ledTo === undefined || ledTo.slice(0, ledTo.lastIndexOf("~")) === owner.sessionId;
  return isFree ? usual : join(logDir, `session_${logName(owner)}.log`);
}

/** Whether a link leads to a log file of this session, and not to that of another one. */
export async function isLinkOf(link: string, owner: LogOwner): Promise<boolean> {
  return (await ownerOfLink(link)) === logName(owner);
}

/** The folder's name of the session to which a link leads; undefined where there is no link to a session's log. */
async function ownerOfLink(link: string): Promise<string | undefined> {
  const target = await readlink(link).catch(() => "");
  const [root, name] = dirname(target).split("/");
  return root === "sessions" ? name : undefined;
}
