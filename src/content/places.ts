import { join } from "node:path";

/** What names the folder of one session for ever: an id may be used again after a deletion, with another seq. */
export interface FolderOwner {
  readonly sessionId: string;
  readonly createdSeq: number;
}

/** The name of a session's folder below `content/`. An id can be no path, so neither can this. */
export function folderName({ sessionId, createdSeq }: FolderOwner): string {
  return `${sessionId}~${createdSeq}`;
}

/** Whose folder below `content/` has that name; undefined where it is no session's. */
export function ownerOfFolder(name: string): FolderOwner | undefined {
  const found = /^(.+)~(\d+)$/.exec(name);
  return found === null ? undefined : { sessionId: found[1] ?? "", createdSeq: Number(found[2]) };
}

/** The kinds of bodies that a session keeps, by the names of their files. */
export type BodyKind = "activities" | "conversation" | "invocations";

/** Where a session keeps its bodies of one kind. */
export function bodyPath(contentDir: string, owner: FolderOwner, kind: BodyKind): string {
  return join(contentDir, folderName(owner), `${kind}.jsonl`);
}

/** Where a session keeps the links to what tools have of their invocations. */
export function invocationLinkPath(contentDir: string, owner: FolderOwner, invocationId: string): string {
  return join(contentDir, folderName(owner), "invocations", invocationId);
}

/** Where a command of a session writes its output. */
export function outputPaths(
  contentDir: string,
  owner: FolderOwner,
  commandId: string,
): { readonly folder: string; readonly stdoutPath: string; readonly stderrPath: string } {
  const folder = join(contentDir, folderName(owner), "output");
  return {
    folder,
    stdoutPath: join(folder, outputName(commandId, "stdout")),
    stderrPath: join(folder, outputName(commandId, "stderr")),
  };
}

/** What the file with one stream of a command is called. An id can be no path, so neither can this. */
export function outputName(commandId: string, stream: "stdout" | "stderr"): string {
  return `${commandId}.${stream}.log`;
}
