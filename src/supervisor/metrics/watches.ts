import { type FileCounts, FileWatch, type MakeWatcher, type WatchState } from "../../sampling/fileWatch.js";
import type { Session } from "../../session/state.js";
import { isEnded } from "../../session/state.js";
import type { SupervisorLog } from "../options.js";

/** Entries of one session's folder that are watched, and of all. */
const MOST_PER_SESSION = 5_000;
const MOST = 20_000;

interface WatchesParts {
  readonly onChange: (session: Session, change: keyof FileCounts) => void;
  readonly log: Pick<SupervisorLog, "warn">;
  readonly make?: MakeWatcher | undefined;
  readonly most?: number;
}

interface Watched {
  readonly watch: FileWatch;
  readonly path: string;
  readonly createdSeq: number;
  session: Session;
}

/** Watches the working directories of the sessions that ask for it, as long as they are alive. */
export class Watches {
  readonly #parts: WatchesParts;
  readonly #watched = new Map<string, Watched>();

  constructor(parts: WatchesParts) {
    this.#parts = parts;
  }

  /** A session is as it is now: called for every change, so it is quick where there is nothing to watch. */
  follow(session: Session): void {
    const known = this.#watched.get(session.sessionId);
    const path = pathOf(session);
    if (known === undefined && path === undefined) return;
    const isSame = known?.path === path && known?.createdSeq === session.createdSeq;
    if (known !== undefined && isSame) {
      known.session = session;
      return;
    }
    this.forget(session.sessionId);
    if (path !== undefined) this.#begin(session, path);
  }

  /** The session is gone. */
  forget(sessionId: string): void {
    const known = this.#watched.get(sessionId);
    this.#watched.delete(sessionId);
    void known?.watch.close();
  }

  /** How the folder of a session is watched; undefined where it is not asked for. */
  stateOf(sessionId: string): WatchState | undefined {
    return this.#watched.get(sessionId)?.watch.state;
  }

  /** Resolves when the folder of a session is watched, or cannot be. */
  async ready(sessionId: string): Promise<void> {
    await this.#watched.get(sessionId)?.watch.ready;
  }

  async close(): Promise<void> {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    await Promise.all(all.map(({ watch }) => watch.close()));
  }

  #begin(session: Session, path: string): void {
    const { log, onChange, make, most = MOST } = this.#parts;
    const { sessionId, createdSeq } = session;
    const taken = [...this.#watched.values()].reduce((sum, { watch }) => sum + watch.size, 0);
    const watch: FileWatch = new FileWatch(path, {
      mostEntries: Math.max(0, Math.min(MOST_PER_SESSION, most - taken)),
      onChange: (change) => {
        const known = this.#watched.get(sessionId);
        if (known?.createdSeq === createdSeq) onChange(known.session, change);
      },
      onState: ({ state, detail }) => {
        const message =
          state === "failed"
            ? "The files of a session cannot be watched; it goes on without"
            : "Not all files of a session are watched: there are too many";
        log.warn({ event: "metrics.watch", sessionId, path, state, detail }, message);
      },
      ...(make === undefined ? {} : { make }),
    });
    this.#watched.set(sessionId, { watch, path, createdSeq, session });
  }
}

/** The folder of a session that is to be watched; undefined where none is. */
function pathOf(session: Session): string | undefined {
  const isWanted = session.config.metrics?.watchFiles === true && !isEnded(session.status);
  return isWanted && session.deletedAt === undefined ? session.workingDirectory : undefined;
}
