import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { folderName } from "../../../src/content/places.js";
import { SessionFolder } from "../../../src/content/sessionFolder.js";
import type { Session } from "../../../src/session/state.js";
import { SessionFileWriter } from "../../../src/supervisor/files/sessionFileWriter.js";
import { temporaryFolders } from "../../disk/temporaryFolder.js";
import { session } from "../../session/samples.js";

const folder = temporaryFolders();
let path: string;
let sessions: Map<string, Session>;
let whileReading: () => void;
let writer: SessionFileWriter;

beforeEach(async () => {
  path = await folder();
  sessions = new Map();
  whileReading = () => undefined;
  const quiet = (): void => undefined;
  writer = new SessionFileWriter({
    folder: await SessionFolder.open(join(path, "sessions")),
    sessions,
    committedSeq: () => 9,
    bodies: {
      read: () => {
        whileReading();
        return Promise.resolve({ items: [], next: undefined });
      },
    },
    clock: { nowMs: () => 1_000, upMs: () => 0 },
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    contentDir: join(path, "content"),
    invocationIdsOf: () => ["first", "second"],
  });
});

function withTools(): Session {
  return session({ activities: 1, totals: { ...session().totals, invocations: 2, toolsUsed: { git: 2 } } });
}

describe("where tools were used", () => {
  it("S4.9 the session's own folder says which, and nothing is written for the others", async () => {
    sessions.set("s", withTools());
    sessions.set("t", session({ sessionId: "t" }));
    for (const sessionId of sessions.keys()) await writer.write(sessionId);
    const own = folderName(session());
    expect(await readdir(join(path, "content"))).toEqual([own]);
    const read = async (name: string): Promise<unknown> =>
      JSON.parse(await readFile(join(path, "content", own, name), "utf8")) as unknown;
    expect(await read("invocations.json")).toEqual(["first", "second"]);
    expect(await read("metadata.json")).toMatchObject({
      session_id: "s",
      total_invocations: 2,
      tools_used: ["git"],
      custom_metadata: session().metadata,
    });
  });

  it("S4.9 no folder comes back where the session is deleted meanwhile", async () => {
    sessions.set("s", withTools());
    whileReading = () => void sessions.delete("s");
    await writer.write("s");
    expect(await readdir(join(path, "content"))).toEqual([]);
  });
});
