import type { Command } from "../../session/commands.js";
import type { HeldKey } from "../keys.js";
import type { Answer, SubmitOptions } from "../ledger.js";
import type { Supervisor } from "../supervisor.js";
import type { WorkspaceAsk } from "./makeWorkspace.js";

type Create = Extract<Command, { type: "session/create" }>;

/**
 * Creates a session with a workspace of its own, which is made first: whoever is answered can work in it. The key of
 * the call is held meanwhile, so that its repetition does not make another one.
 */
export async function createInWorkspace(
  supervisor: Supervisor,
  command: Create,
  ask: WorkspaceAsk,
  options: SubmitOptions,
): Promise<Answer> {
  const { call } = options;
  const repeated = supervisor.repeat(call);
  if (repeated !== undefined) return repeated;
  const held = call && supervisor.keys.hold(call);
  const answer = create(supervisor, command, ask, options, held);
  if (held !== undefined) held.answer = answer;
  return answer;
}

async function create(
  supervisor: Supervisor,
  command: Create,
  ask: WorkspaceAsk,
  options: SubmitOptions,
  held: HeldKey | undefined,
): Promise<Answer> {
  const { workspaces, keys } = supervisor;
  const { sessionId } = command;
  try {
    // What is refused anyway should not be made first.
    await supervisor.foresee(command);
    const workspace = await workspaces.make(sessionId, ask, command.workingDirectory);
    // In one tick: from here on the key is held by the submission.
    if (held !== undefined) keys.release(held);
    try {
      const made = { ...command, workspace, workingDirectory: workspace.path };
      const answer = await supervisor.submit(made, options);
      workspaces.used(sessionId, workspace);
      return answer;
    } catch (error) {
      await workspaces.discard(sessionId, workspace);
      throw error;
    }
  } finally {
    if (held !== undefined) keys.release(held);
  }
}
