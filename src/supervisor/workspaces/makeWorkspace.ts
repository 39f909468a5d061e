import { randomBytes } from "node:crypto";

import { makeFolder, mark } from "../../content/workspaceFolder.js";
import type { WorkspaceRecord, WorkspaceRecords } from "../../content/workspaceRecords.js";
import type { Git } from "../../process/git.js";
import { addWorktree, planWorktree } from "../../process/gitWorktree.js";
import type { ValidParams } from "../../protocol/types.js";
import type { Workspace } from "../../session/state.js";
import { undoWorkspace } from "./releaseWorkspace.js";

/** A workspace as it is asked for. */
export type WorkspaceAsk = NonNullable<ValidParams<"session/create">["workspace"]>;

export interface MakingParts {
  readonly records: WorkspaceRecords;
  readonly git: Git;
  readonly dataDir: string;
}

/**
 * Makes a workspace, step by step, each of which is written down before it is taken: what a crash leaves behind is
 * known by the next start. What fails is undone.
 *
 * @param workingDirectory where the repository is looked for that is not named
 * @throws GitError, WorkspaceFolderError, Node's own errors
 */
export async function makeWorkspace(
  parts: MakingParts,
  sessionId: string,
  ask: WorkspaceAsk,
  workingDirectory: string | undefined,
): Promise<Workspace> {
  const { records } = parts;
  const token = randomBytes(16).toString("hex");
  const { kind, keep } = ask;
  const path = ask.path ?? records.placeOf({ sessionId, token });
  const steps = new Steps(records, { sessionId, token, kind, path, keep, stage: "making" });
  try {
    await steps.take({});
    const worktree =
      ask.kind === "worktree" ? await plan(parts, steps.record, ask, workingDirectory) : undefined;
    const made = await makeFolder(path, ask.path === undefined ? undefined : parts.dataDir);
    await steps.take({ path: made.path, identity: made.identity, git: worktree?.git });
    if (worktree === undefined) await mark(made.path, token);
    else {
      const gitDir = await addWorktree(parts.git, {
        ...worktree.git,
        path: made.path,
        commit: worktree.commit,
      });
      await mark(gitDir, token);
      await steps.take({ git: { ...worktree.git, gitDir } });
    }
    await steps.take({ stage: "made" });
    const shown = worktree && { repository: worktree.repository, branch: worktree.git.branch };
    return { kind, path: made.path, keep, token, ...shown };
  } catch (error) {
    await undoWorkspace(parts, steps.record, "sure").catch(() => undefined);
    throw error;
  }
}

/** The record of what is being made, as it is on disk. */
class Steps {
  readonly #records: WorkspaceRecords;
  record: WorkspaceRecord;

  constructor(records: WorkspaceRecords, record: WorkspaceRecord) {
    this.#records = records;
    this.record = record;
  }

  async take(changes: Partial<WorkspaceRecord>): Promise<void> {
    this.record = { ...this.record, ...changes };
    await this.#records.write(this.record);
  }
}

interface Planned {
  readonly repository: string;
  readonly git: NonNullable<WorkspaceRecord["git"]>;
  readonly commit: string | undefined;
}

async function plan(
  { git }: MakingParts,
  { sessionId, token, path }: WorkspaceRecord,
  ask: Extract<WorkspaceAsk, { kind: "worktree" }>,
  workingDirectory: string | undefined,
): Promise<Planned> {
  const repository = ask.repository ?? workingDirectory;
  if (repository === undefined)
    throw new Error("no repository is named, and the session has no workingDirectory");
  const named = defaultBranch(sessionId);
  const { commonDir, branch, isOwnBranch, commit } = await planWorktree(git, {
    repository,
    path,
    branch: ask.branch ?? named,
    base: ask.base,
    // The id may have been used before, and what was done then is still there.
    ...(ask.branch === undefined ? { otherBranch: `${named}-${token.slice(0, 8)}` } : {}),
  });
  return { repository, commit, git: { commonDir, branch, isOwnBranch } };
}

/** The branch of a session. Ids may have dots where git takes none: two in a row, at the end, before `lock`. */
function defaultBranch(sessionId: string): string {
  return `sessiond/${sessionId.replaceAll(/\.(?=\.|$|lock$)/g, "_")}`;
}
