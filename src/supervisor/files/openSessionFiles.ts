import type { FolderOwner } from "../../content/places.js";
import { SessionFolder } from "../../content/sessionFolder.js";
import type { SupervisorOptions } from "../options.js";
import { invocationIdsOf } from "../read/invocationIds.js";
import type { Supervisor } from "../supervisor.js";
import { SessionFiles } from "./sessionFiles.js";

interface Opening extends Pick<
  SupervisorOptions,
  "sessionsDir" | "contentDir" | "clock" | "log" | "sessionDefaults"
> {
  readonly supervisor: Pick<Supervisor, "registry" | "journal" | "bodies">;
  /** Sessions that the replay saw deleted. */
  readonly deleted: readonly FolderOwner[];
}

/** Opens the files for people over a state that is there; undefined where there are to be none. */
export async function openSessionFiles({
  sessionsDir,
  contentDir,
  clock,
  log,
  sessionDefaults,
  supervisor,
  deleted,
}: Opening): Promise<SessionFiles | undefined> {
  if (sessionsDir === undefined) return undefined;
  const { registry, journal, bodies } = supervisor;
  return new SessionFiles({
    folder: await SessionFolder.open(sessionsDir),
    sessions: registry.committedSessions,
    committedSeq: () => journal.committed,
    deleted,
    bodies,
    contentDir,
    invocationIdsOf: (sessionId) => invocationIdsOf(registry, sessionId),
    clock,
    log,
    autoSaveIntervalMs: sessionDefaults.autoSaveIntervalMs,
  });
}
