import { relative, sep } from "node:path";

import { checkpointPath } from "../../content/checkpointFile.js";
import { compressedPath } from "../../content/compressedFile.js";
import { outputBytesNow } from "../../content/outputFolder.js";
import { type BodyKind, bodyPath, outputPaths } from "../../content/places.js";
import { isEnded, isOver, type Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { Checkpoints } from "../checkpoints.js";
import type { Registry } from "../registry.js";

/** One file that belongs to a state. */
export interface ContentSource {
  readonly path: string;
  /** Its name in a backup. */
  readonly name: string;
  /** How much of it belongs to the state; all of it where that is undefined. */
  readonly sizeBytes: () => Promise<number | undefined>;
}

interface State {
  readonly contentDir: string;
  readonly checkpointsDir: string;
  readonly registry: Registry;
  readonly bodies: Bodies;
  readonly checkpoints: Checkpoints;
  /** The last event of the state. */
  readonly seq: number;
}

/**
 * The files that belong to what is durable in this tick. What the state is made of is taken at the call, and held
 * fast; the files are named one by one, later. Each is cut where it was: before the first activity that a snapshot of
 * this tick holds or that came after it, and where the output of a command that runs had come to. A checkpoint's file
 * never changes.
 */
export function contentSources(state: State): Iterable<ContentSource> {
  const { contentDir, checkpointsDir, registry, bodies, checkpoints, seq } = state;
  const sessions = [...registry.committedSessions.values()].filter((one) => kindsOf(one).length > 0);
  const firstUnsaved = bodies.firstUnsaved();
  const outputs = [...registry.committedExecutions.values()].flatMap(({ commandId, sessionId, status }) => {
    const owner = registry.committedSessions.get(sessionId);
    if (owner === undefined) return [];
    // The output of one that is over does not grow any more, so nobody has to look at it now.
    return [
      { owner, commandId, now: isOver(status) ? undefined : outputBytesNow(contentDir, owner, commandId) },
    ];
  });
  const kept = [...registry.committedSessions.values()].flatMap((owner) =>
    owner.checkpoints
      .filter(({ checkpointId }) => !checkpoints.isUnsaved(owner, checkpointId))
      .map(({ checkpointId }) => checkpointPath(checkpointsDir, owner, checkpointId)),
  );
  const source = (path: string, sizeBytes: ContentSource["sizeBytes"]): ContentSource => {
    return { path, name: nameIn("content", contentDir, path), sizeBytes };
  };
  // What was archived has another form; it is a whole file or none, and the plain one counts where both are there.
  const compressed = ({ status }: Session, path: string): ContentSource[] =>
    isEnded(status) ? [source(compressedPath(path), () => Promise.resolve(undefined))] : [];
  return (function* () {
    for (const session of sessions) {
      const beforeSeq = firstUnsaved.get(session.sessionId) ?? seq + 1;
      for (const kind of kindsOf(session)) {
        const path = bodyPath(contentDir, session, kind);
        yield source(path, () => bodies.savedBytes(session, kind, beforeSeq));
        yield* compressed(session, path);
      }
    }
    for (const { owner, commandId, now } of outputs) {
      const { stdoutPath, stderrPath } = outputPaths(contentDir, owner, commandId);
      yield source(stdoutPath, () => Promise.resolve(now?.stdoutBytes));
      yield source(stderrPath, () => Promise.resolve(now?.stderrBytes));
      yield* compressed(owner, stdoutPath);
      yield* compressed(owner, stderrPath);
    }
    for (const path of kept) {
      const name = nameIn("checkpoints", checkpointsDir, path);
      yield { path, name, sizeBytes: () => Promise.resolve(undefined) };
    }
  })();
}

function nameIn(root: string, folder: string, path: string): string {
  return `${root}/${relative(folder, path).split(sep).join("/")}`;
}

/** The kinds of bodies that a session has. */
function kindsOf({ activities, conversation, invocations }: Session): BodyKind[] {
  const { running: _, ...over } = invocations;
  const counts: Readonly<Record<BodyKind, number>> = {
    activities,
    conversation: conversation.appended,
    invocations: Object.values(over).reduce((sum, count) => sum + count, 0),
  };
  return (Object.keys(counts) as BodyKind[]).filter((kind) => counts[kind] > 0);
}
