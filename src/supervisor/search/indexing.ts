import { setImmediate as turn } from "node:timers/promises";

import type {
  Batch,
  DocumentKind,
  IndexedDocument,
  SessionRow,
  SessionState,
} from "../../search/messages.js";
import type { SearchIndex } from "../../search/searchIndex.js";
import type { Session } from "../../session/state.js";
import type { Bodies } from "../bodies.js";
import type { BodyCursor } from "../bodyPage.js";
import { BODIES_OF, readDocuments, sessionRow } from "./documents.js";

/** What is read and handed over at once: some milliseconds of work on either side. */
const BATCH_DOCUMENTS = 200;
const BATCH_LENGTH = 256 * 1024;
/** Sessions that are looked at in one turn of the loop. */
const SLICE = 100;

interface IndexingParts {
  readonly index: Pick<SearchIndex, "ask">;
  readonly bodies: Pick<Bodies, "read" | "savedBytes">;
  /** The durable session of an id. */
  readonly session: (sessionId: string) => Session | undefined;
  /** Whether to break off. */
  readonly isClosed: () => boolean;
}

/**
 * Brings the index up to sessions as they are now. It is level-triggered: what is missing is seen by the number of bodies
 * that a session has and that were indexed, so it can break off anywhere and be done again.
 */
export class Indexing {
  readonly #parts: IndexingParts;
  #documents: IndexedDocument[] = [];
  #settled: Batch["settled"][number][] = [];
  #length = 0;
  /** The batch that the thread is at: the next one is read meanwhile, and no more. */
  #underWay: Promise<unknown> = Promise.resolve();

  constructor(parts: IndexingParts) {
    this.#parts = parts;
  }

  /** Looks at sessions, in slices; `onDone` hears how many were looked at. */
  async run(sessionIds: readonly string[], onDone: (count: number) => void): Promise<void> {
    for (let at = 0; at < sessionIds.length && !this.#parts.isClosed(); at += SLICE) {
      const slice = sessionIds.slice(at, at + SLICE);
      await this.#slice(slice.flatMap((sessionId) => this.#parts.session(sessionId) ?? []));
      onDone(slice.length);
      await turn();
    }
    await this.#handOver();
    await this.#underWay;
  }

  /** Removes what the index has of these sessions. */
  async remove(sessions: readonly number[]): Promise<void> {
    while (!this.#parts.isClosed()) if (await this.#parts.index.ask("remove", sessions)) return;
  }

  async #slice(sessions: readonly Session[]): Promise<void> {
    const rows = sessions.map((session) => sessionRow(session));
    let states = await this.#parts.index.ask("describe", rows);
    // More than there is: the state was put back to an earlier one.
    const ahead = states.filter((state, at) => isAhead(state, rows[at]));
    if (ahead.length > 0) {
      await this.remove(ahead.map(({ createdSeq }) => createdSeq));
      states = await this.#parts.index.ask("describe", rows);
    }
    for (const [at, session] of sessions.entries()) {
      const row = rows[at];
      const state = states[at];
      if (row !== undefined && state !== undefined) await this.#session(session, row, state);
    }
  }

  async #session(session: Session, { createdSeq, counts }: SessionRow, state: SessionState): Promise<void> {
    const stale = (["message", "activity"] as const).filter((kind) => counts[kind] !== state.counts[kind]);
    if (stale.length === 0) return;
    for (const kind of stale) await this.#bodies(session, kind, state.last[kind]);
    if (this.#parts.isClosed()) return;
    this.#settled.push({ createdSeq, counts });
    if (this.#settled.length >= BATCH_DOCUMENTS) await this.#handOver();
  }

  /** Reads the bodies behind the last one that is indexed. */
  async #bodies(session: Session, kind: DocumentKind, last: number | null): Promise<void> {
    const { bodies, isClosed } = this.#parts;
    let cursor: BodyCursor | undefined;
    if (last !== null)
      cursor = { seq: last, offset: await bodies.savedBytes(session, BODIES_OF[kind], last + 1) };
    do {
      const page = { order: "oldest", limit: BATCH_DOCUMENTS, cursor } as const;
      const { documents, next } = await readDocuments(bodies, session, kind, page);
      for (const document of documents) {
        this.#documents.push(document);
        this.#length += document.text.length;
      }
      if (this.#documents.length >= BATCH_DOCUMENTS || this.#length >= BATCH_LENGTH) await this.#handOver();
      cursor = next;
    } while (cursor !== undefined && !isClosed());
  }

  async #handOver(): Promise<void> {
    await this.#underWay;
    if (this.#documents.length === 0 && this.#settled.length === 0) return;
    this.#underWay = this.#parts.index.ask("add", { documents: this.#documents, settled: this.#settled });
    // Whoever waits for it next hears of a failure.
    this.#underWay.catch(() => undefined);
    this.#documents = [];
    this.#settled = [];
    this.#length = 0;
  }
}

function isAhead({ counts }: SessionState, row: SessionRow | undefined): boolean {
  return row !== undefined && (counts.message > row.counts.message || counts.activity > row.counts.activity);
}
