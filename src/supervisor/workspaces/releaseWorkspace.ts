import { isEmpty, isMarked, isThere, lookAt, removeFolder, unmark } from "../../content/workspaceFolder.js";
import type { WorkspaceRecord, WorkspaceRecords } from "../../content/workspaceRecords.js";
import { type Git, GitError } from "../../process/git.js";
import { lossWith, removeOwnBranch, removeWorktree, type Worktree } from "../../process/gitWorktree.js";
import { isEnded, type Session } from "../../session/state.js";

interface ReleaseParts {
  readonly records: WorkspaceRecords;
  readonly git: Git;
}

/** What became of a workspace, and why where that is not what one would expect. */
export interface Released {
  readonly outcome: "removed" | "kept";
  readonly reason?: string;
}

/**
 * Lets go of a workspace as its policy says. Nothing is removed but the very folder that was made: of the same inode,
 * with the marker in it (of a worktree: in what git keeps of it), and under no link. What stays is nobody's business
 * here any more.
 *
 * @throws where it could not be found out or done: then everything is as it was, and it may be tried again
 */
export async function releaseWorkspace(
  parts: ReleaseParts,
  record: WorkspaceRecord,
  keep: WorkspaceRecord["keep"] = record.keep,
): Promise<Released> {
  const released = await settle(parts, record, keep);
  if (released.outcome === "kept") await unmarkOwn(record);
  await parts.records.remove(record);
  return released;
}

/** What became of a workspace of which there is no record: nothing proves what lies there now. */
export async function releaseUnknown(path: string): Promise<Released> {
  if (!(await isThere(path))) return { outcome: "removed", reason: "it was gone already" };
  return { outcome: "kept", reason: "there is no record of what was made" };
}

/** Whether the folder would be removed if its workspace were let go of now. @throws where that cannot be found out */
export async function wouldRemove(
  { git }: ReleaseParts,
  record: WorkspaceRecord,
  keep: WorkspaceRecord["keep"],
): Promise<boolean> {
  if (keep === "always" || (await stateOf(record)) !== "ours") return false;
  return keep === "never" || (await lossOf(git, record)) === undefined;
}

async function settle(
  { git }: ReleaseParts,
  record: WorkspaceRecord,
  keep: WorkspaceRecord["keep"],
): Promise<Released> {
  const { path, kind } = record;
  if (keep === "always") return { outcome: "kept", reason: "its policy says so" };
  const worktree = worktreeOf(record);
  const found = await stateOf(record);
  if (found === "other") return { outcome: "kept", reason: "what lies there now is not what was made" };
  if (found === "missing") {
    if (worktree !== undefined) await tidy(git, worktree);
    return { outcome: "removed", reason: "it was gone already" };
  }
  const loss = keep === "if_dirty" ? await lossOf(git, record) : undefined;
  if (loss !== undefined) return { outcome: "kept", reason: loss };
  if (kind === "folder") await removeFolder(path);
  else if (worktree !== undefined) {
    await removeWorktree(git, worktree, keep === "never" ? "changes" : "none");
    await removeOwnBranch(git, worktree);
  }
  return { outcome: "removed" };
}

/**
 * Takes away what was made, or is half made, for a session that never was: nobody was told of it.
 *
 * @param how `sure`: it was made just now, by this very process. `left`: it was found by a start, so outside of the
 *   daemon's own folder only what has the marker or nothing in it goes.
 */
export async function undoWorkspace(
  { records, git }: ReleaseParts,
  record: WorkspaceRecord,
  how: "sure" | "left",
): Promise<Released> {
  const { path, identity } = record;
  const isOwnPlace = path === records.placeOf(record);
  // By its name, which no other process could have guessed, and by its inode.
  const isVery = identity === undefined ? isOwnPlace : (await lookAt(path, identity)) === "ours";
  const isProven =
    isVery && (how === "sure" || isOwnPlace || (await stateOf(record)) === "ours" || (await isEmpty(path)));
  const planned = record.git && { ...record.git, path };
  if (planned !== undefined && (isProven || !isVery)) {
    if (isProven) await failingIsFine(removeWorktree(git, planned, "all"));
    await failingIsFine(removeOwnBranch(git, planned));
  }
  if (isProven) await removeFolder(path);
  await records.remove(record);
  if (isProven || !isVery) return { outcome: "removed" };
  return { outcome: "kept", reason: "it may not be what was made" };
}

/** Whether the very folder that was made lies there. */
async function stateOf(record: WorkspaceRecord): Promise<"ours" | "missing" | "other"> {
  const { path, identity, token } = record;
  if (identity === undefined) return "other";
  const found = await lookAt(path, identity);
  if (found !== "ours") return found;
  const marked = markedFolder(record);
  return marked !== undefined && (await isMarked(marked, token)) ? "ours" : "other";
}

function markedFolder({ kind, path, git }: WorkspaceRecord): string | undefined {
  return kind === "folder" ? path : git?.gitDir;
}

function worktreeOf({ git, path }: WorkspaceRecord): Worktree | undefined {
  return git?.gitDir === undefined ? undefined : { ...git, gitDir: git.gitDir, path };
}

async function unmarkOwn(record: WorkspaceRecord): Promise<void> {
  const marked = markedFolder(record);
  if (marked !== undefined && (await stateOf(record)) === "ours") await unmark(marked);
}

/** The folder of a worktree is gone: what git still keeps of it goes as well. */
async function tidy(git: Git, worktree: Worktree): Promise<void> {
  await failingIsFine(removeWorktree(git, worktree, "changes"));
  await failingIsFine(removeOwnBranch(git, worktree));
}

/** What would be lost with it, in words; undefined where nothing would. */
function lossOf(git: Git, record: WorkspaceRecord): Promise<string | undefined> {
  const worktree = worktreeOf(record);
  return worktree === undefined ? lossOfFolder(record.path) : lossWith(git, worktree);
}

async function lossOfFolder(path: string): Promise<string | undefined> {
  return (await isEmpty(path)) ? undefined : "there is something in it";
}

/** git knows nothing of it, or the repository is gone: then there is nothing to tidy up. */
async function failingIsFine(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
  }
}

/** Whether a session that is still there has let go of its workspace: it ended, and wants nothing kept. */
export function isDue({ workspace, status, commands }: Session): boolean {
  if (workspace === undefined || workspace.released !== undefined) return false;
  return workspace.keep === "never" && isEnded(status) && commands.running === 0;
}
