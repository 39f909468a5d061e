import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import type { SessionShape } from "../../src/protocol/types.js";
import type { TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";

/**
 * What lies in a data folder and does not fit the state, in words: files of no session, of the wrong form, half
 * written, missing or left over. None where everything has come to its end.
 */
export async function straysIn({ dataDir }: TestDaemon, peer: Peer): Promise<string[]> {
  const all = { includeArchived: true, includeTrashed: true, limit: 1_000 };
  const { items: sessions } = await peer.call("session/list", all);
  const found = await filesIn(dataDir);
  const byFolder = new Map(sessions.map((session) => [folderOf(session), session]));
  const strays = found.filter((path) => path.endsWith(".tmp") || path.startsWith("restore."));
  for (const path of found) {
    const [room = "", ...rest] = path.split("/");
    if (room === "content") strays.push(...strayContent(path, rest, byFolder));
    if (room === "log") strays.push(...strayLog(path, rest, sessions, byFolder));
  }
  strays.push(...(await strayCheckpoints(found, sessions, peer)), ...strayFiles(found, sessions));
  for (const session of sessions) strays.push(...(await filesBehind(dataDir, session)));
  const copies = found.filter((path) => path.startsWith("temp/") && !path.endsWith("/"));
  if (!sessions.some(({ archivedAt }) => archivedAt !== undefined)) strays.push(...copies);
  return strays;
}

/** Every file and every empty folder, by its path. */
async function filesIn(folder: string, below = ""): Promise<string[]> {
  // What goes away between two looks is no stray any more.
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => []);
  const paths = entries.map(async (entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    const inside = await filesIn(folder, path);
    return inside.length === 0 ? [`${path}/`] : inside;
  });
  return (await Promise.all(paths)).flat();
}

function folderOf({ sessionId, createdSeq }: SessionShape): string {
  return `${sessionId}~${createdSeq}`;
}

function strayContent(
  path: string,
  [folder = "", ...rest]: readonly string[],
  byFolder: ReadonlyMap<string, SessionShape>,
): string[] {
  const session = byFolder.get(folder);
  if (session === undefined) return folder === "" || path === "content/.staged/" ? [] : [path];
  const form = /\.(?:jsonl|log)(\.gz)?$/.exec(rest.join("/"));
  if (form === null) return [];
  return (form[1] !== undefined) === (session.archivedAt !== undefined) ? [] : [path];
}

function strayLog(
  path: string,
  [shelf = "", name = ""]: readonly string[],
  sessions: readonly SessionShape[],
  byFolder: ReadonlyMap<string, SessionShape>,
): string[] {
  if (shelf === "sessions" || shelf === "archive") return name === "" || byFolder.has(name) ? [] : [path];
  const owner = /^session_(.*)\.log$/.exec(shelf)?.[1];
  return owner === undefined || sessions.some(({ sessionId }) => sessionId === owner) ? [] : [path];
}

/** Each checkpoint has its file, and nothing else lies there. */
async function strayCheckpoints(
  found: readonly string[],
  sessions: readonly SessionShape[],
  peer: Peer,
): Promise<string[]> {
  const expected = await Promise.all(
    sessions.map(async (session) => {
      const { items } = await peer.call("checkpoint/list", { sessionId: session.sessionId, limit: 1_000 });
      const folder = `checkpoints/session_${folderOf(session)}`;
      return items.map(({ checkpointId }) => `${folder}/${checkpointId}.json`);
    }),
  );
  // A folder whose checkpoints are deleted stays: it is the session's.
  const folders = new Set(sessions.map((session) => `checkpoints/session_${folderOf(session)}/`));
  const there = found.filter((path) => /^checkpoints\/./.test(path) && !folders.has(path));
  return differences(expected.flat(), there);
}

/** Each session has its file for people, on the shelf where it belongs. */
function strayFiles(found: readonly string[], sessions: readonly SessionShape[]): string[] {
  const expected = sessions.map(({ sessionId, archivedAt }) =>
    archivedAt === undefined
      ? `sessions/session_${sessionId}.json`
      : `sessions/archive/session_${sessionId}.json.gz`,
  );
  const there = found.filter((path) => path.startsWith("sessions/") && path !== "sessions/archive/");
  return differences([...expected, "sessions/registry.json"], there);
}

/** What is written for people about a session and does not say how it is now. */
async function filesBehind(dataDir: string, session: SessionShape): Promise<string[]> {
  const { sessionId, archivedAt, updatedAt } = session;
  const name = `session_${sessionId}.json`;
  const file = archivedAt === undefined ? `sessions/${name}` : `sessions/archive/${name}.gz`;
  const behind = [file, `content/${folderOf(session)}/metadata.json`].map(async (path) => {
    // One that is missing is told of as such.
    const bytes = await readFile(join(dataDir, path)).catch(() => undefined);
    if (bytes === undefined) return [];
    const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
    const { updated_at: written } = JSON.parse(text) as { readonly updated_at?: unknown };
    return written === updatedAt ? [] : [`${path} is of ${String(written)}`];
  });
  return (await Promise.all(behind)).flat();
}

function differences(expected: readonly string[], there: readonly string[]): string[] {
  return [
    ...expected.filter((path) => !there.includes(path)).map((path) => `${path} is missing`),
    ...there.filter((path) => !expected.includes(path)),
  ];
}
