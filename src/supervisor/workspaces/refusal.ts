import { RefusalError } from "../../protocol/errors.js";
import type { WorkspaceAsk } from "./makeWorkspace.js";

/** What the caller of `session/create` is told where no workspace could be made: in git's own words, as far as it goes. */
export function workspaceRefusal(sessionId: string, { kind }: WorkspaceAsk, error: unknown): RefusalError {
  const why = error instanceof Error ? error.message : String(error);
  const hint =
    kind === "worktree"
      ? "workspace.repository has to be in a git repository, workspace.path at a place where nothing is"
      : "workspace.path has to be a place where nothing is, in a folder that is there";
  return new RefusalError({
    type: "workspace_failed",
    message: `The workspace of session "${sessionId}" could not be made: ${why}. There is no session.`,
    hint,
  });
}

/** The same where the daemon stops meanwhile. */
export function stoppedMeanwhile(sessionId: string): RefusalError {
  return new RefusalError({
    type: "shutting_down",
    message: `The daemon is stopping: the workspace of session "${sessionId}" was not made, and there is no session.`,
    hint: "repeat the call when it is back",
  });
}
