import { join } from "node:path";

import { checkpointFolderName } from "../../content/checkpointFile.js";
import { folderName } from "../../content/places.js";
import { sizeBytesOf } from "../../content/sizeBytes.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { Checkpoints } from "../checkpoints.js";
import type { SessionFiles } from "../files/sessionFiles.js";
import type { SupervisorOptions } from "../options.js";
import type { Workspaces } from "../workspaces/workspaces.js";

interface Holdings {
  readonly contentDir: string;
  readonly checkpointsDir: string;
  readonly bodies: Pick<Bodies, "saveOf">;
  readonly checkpoints: Pick<Checkpoints, "saveDue">;
  readonly sessionLogs?: SupervisorOptions["sessionLogs"];
  readonly workspaces: Pick<Workspaces, "heldBytes">;
  /** The files for people; none for a daemon in memory. */
  readonly files: () => Pick<SessionFiles, "save" | "pathsOf"> | undefined;
}

/**
 * Bytes that sessions take on disk, all that goes when they are deleted: bodies, the output of commands, checkpoints,
 * logs, the file for people, and a workspace that is not to be kept. What the search index and the journal have of them
 * does not count: both make room in their own time.
 */
export class HeldBytes {
  readonly #parts: Holdings;

  constructor(parts: Holdings) {
    this.#parts = parts;
  }

  /** Before many are measured: writes what is due of all, so that the next who asks gets the same. Never rejects. */
  async prepare(): Promise<void> {
    await Promise.all([this.#parts.checkpoints.saveDue(), this.#parts.files()?.save()]);
  }

  /** What one session takes. What is on its way to the disk is saved before; where that fails, what is there counts. */
  async of(session: Session): Promise<number> {
    const { contentDir, checkpointsDir, bodies, sessionLogs, workspaces, files } = this.#parts;
    await bodies.saveOf(session.sessionId).catch(() => undefined);
    await sessionLogs?.settled(session);
    const log = sessionLogs?.source(session);
    const paths = [
      join(contentDir, folderName(session)),
      join(checkpointsDir, checkpointFolderName(session)),
      ...[log?.folder, log?.archive].filter((path) => path !== undefined),
      ...(files()?.pathsOf(session.sessionId) ?? []),
    ];
    let sizeBytes = await workspaces.heldBytes(session);
    for (const path of paths) sizeBytes += await sizeBytesOf(path);
    return sizeBytes;
  }
}
