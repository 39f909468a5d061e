import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { folderName, outputPaths } from "../../src/content/places.js";
import type { Command } from "../../src/session/commands.js";
import type { Session } from "../../src/session/state.js";
import { createSession } from "../../src/supervisor/create.js";
import type { Supervisor } from "../../src/supervisor/supervisor.js";

type Shelving = Extract<
  Command["type"],
  "session/archive" | "session/unarchive" | "session/trash" | "session/delete"
>;
export const shelve = (supervisor: Supervisor, type: Shelving, sessionId = "s"): Promise<unknown> =>
  supervisor.submit({ type, sessionId });

/** A session that has ended, with five activities, two messages and the output of a command. */
export async function fill(supervisor: Supervisor, dataDir: string, sessionId = "s"): Promise<Session> {
  await createSession(supervisor, { sessionId }, undefined);
  for (const action of ["1", "2", "3", "4", "5"])
    await supervisor.submit({ type: "session/record", sessionId, action });
  for (const messageId of ["m1", "m2"])
    await supervisor.submit({
      type: "message/append",
      sessionId,
      messageId,
      role: "user",
      content: messageId,
    });
  await supervisor.submit({ type: "session/end", sessionId, status: "completed" });
  const session = supervisor.session(sessionId);
  const { folder, stdoutPath } = outputPaths(join(dataDir, "content"), session, "c");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(stdoutPath, "what it wrote\n");
  return session;
}

/** All that can be read of it. */
export async function all(supervisor: Supervisor, sessionId = "s"): Promise<unknown[]> {
  const session = supervisor.session(sessionId);
  const oldest = { order: "oldest", limit: 100 } as const;
  const activities = await supervisor.bodies.read(session, "activities", oldest);
  const newest = await supervisor.bodies.read(session, "activities", { order: "newest", limit: 100 });
  const messages = await supervisor.bodies.read(session, "conversation", oldest);
  const range = { stream: "stdout", sinceBytes: 5, limitBytes: 100 } as const;
  const { bytes } = await supervisor.runner.readOutput(session, "c", range);
  return [
    activities.items.map((item) => ("action" in item ? item.action : "damaged")),
    newest.items.map((item) => ("action" in item ? item.action : "damaged")),
    messages.items.map((item) => ("messageId" in item ? item.messageId : "damaged")),
    bytes.toString(),
  ];
}

export const WHOLE = [["1", "2", "3", "4", "5"], ["5", "4", "3", "2", "1"], ["m1", "m2"], "it wrote\n"];

export async function files(session: Session, folder: string): Promise<string[]> {
  const own = join(folder, "content", folderName(session));
  return (await readdir(own, { recursive: true })).filter((name) => name !== "output").toSorted();
}

export const COMPRESSED = ["activities.jsonl.gz", "conversation.jsonl.gz", "output/c.stdout.log.gz"];
export const PLAIN = ["activities.jsonl", "conversation.jsonl", "output/c.stdout.log"];
