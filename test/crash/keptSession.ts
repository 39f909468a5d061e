import type { Peer } from "../support/peer.js";
import { messagesOf } from "../support/conversation.js";

/** One session with something of every kind that lies on disk. */
export interface KeptSession {
  readonly sessionId: string;
  readonly commandId: string;
}

/** What was read of it. */
export interface Kept {
  readonly activities: readonly unknown[];
  readonly messages: readonly unknown[];
  readonly invocations: readonly unknown[];
  readonly output: string;
  readonly logged: readonly string[];
}

/** Makes a session that has ended, with activities, messages, tools, a command's output, a log and a checkpoint. */
export async function keepSession(peer: Peer, sessionId: string): Promise<KeptSession> {
  await peer.call("session/create", { sessionId, name: `the ${sessionId}` });
  for (let index = 0; index < 3; index += 1) {
    await peer.call("session/record", { sessionId, action: `act-${index}` });
    await peer.call("message/append", { sessionId, role: "user", content: `word-${index}` });
  }
  const { invocationId } = await peer.call("invocation/start", { sessionId, tool: "hammer" });
  await peer.call("invocation/finish", { invocationId, status: "succeeded", output: "done" });
  const { commandId } = await peer.call("command/run", { sessionId, argv: ["sh", "-c", "echo written"] });
  await peer.call("log/write", { sessionId, message: "a line" });
  await peer.call("checkpoint/create", { sessionId, label: "safe" });
  await peer.call("message/append", { sessionId, role: "user", content: "behind it" });
  await peer.call("session/end", { sessionId });
  return { sessionId, commandId };
}

/** Everything that can be read of it beside the session itself. */
export async function readKept(peer: Peer, { sessionId, commandId }: KeptSession): Promise<Kept> {
  const oldest = { sessionId, order: "oldest", limit: 1_000 } as const;
  const [activities, messages, invocations, output, lines] = await Promise.all([
    peer.call("session/activities", oldest),
    messagesOf(peer, sessionId),
    peer.call("invocation/list", { sessionId, limit: 1_000 }),
    peer.call("command/output", { commandId }),
    peer.call("log/query", { sessionId, text: "a line" }),
  ]);
  const logged = lines.items.map((line) => line.message);
  return {
    activities: activities.items,
    messages,
    invocations: invocations.items,
    output: output.output,
    logged,
  };
}
