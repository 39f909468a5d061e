import type { Command } from "./commands.js";
import { type Decision, happened, type Head, NOTHING, sessionNotFound } from "./decision.js";
import type { Session } from "./state.js";

/** Decides whether it is news that a session's workspace was removed, or left where it is. Once is enough. */
export function decideRelease(
  head: Head,
  { sessionId, outcome, reason }: Extract<Command, { type: "workspace/release" }>,
): Decision {
  const session = head.session(sessionId);
  if (session === undefined) return sessionNotFound(sessionId);
  if (session.workspace === undefined || session.workspace.released !== undefined) return NOTHING;
  return happened({ type: "workspace/released", sessionId, data: { outcome, reason } });
}

/** The workspace of a session once it was released. */
export function released(
  session: Session,
  outcome: "removed" | "kept",
  reason: string | undefined,
): Session["workspace"] {
  return session.workspace && { ...session.workspace, released: { outcome, reason } };
}
