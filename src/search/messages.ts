/** What goes between the daemon and the thread that has the index. Everything in here can be cloned. */

/** The kinds of bodies that are indexed. */
export type DocumentKind = "message" | "activity";
/** The kinds of things that are found. */
export type HitKind = DocumentKind | "session";

/** A session as the index knows it. Its `createdSeq` names it for ever: an id may be used again. */
export interface SessionRow {
  readonly createdSeq: number;
  readonly sessionId: string;
  readonly userId: string | undefined;
  readonly tags: readonly string[];
  /** Runs of messages that are not to be seen, by their places in the conversation. */
  readonly hidden: readonly (readonly [first: number, last: number])[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** What it is found by itself. */
  readonly text: string;
  readonly counts: BodyCounts;
}

/** How many bodies a session has, or had when they were indexed. */
export interface BodyCounts {
  readonly message: number;
  readonly activity: number;
}

/** How far the index is with a session. */
export interface SessionState {
  readonly createdSeq: number;
  readonly counts: BodyCounts;
  /** The last body of each kind that is in the index; null where there is none. */
  readonly last: { readonly message: number | null; readonly activity: number | null };
}

/** One body of a session, as it is indexed. */
export interface IndexedDocument {
  readonly createdSeq: number;
  readonly kind: DocumentKind;
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly text: string;
  /** Of a message: its place in the conversation. */
  readonly place?: number | undefined;
  readonly messageId?: string | undefined;
  readonly role?: string | undefined;
}

/** Bodies, and the sessions that have nothing left behind them. */
export interface Batch {
  readonly documents: readonly IndexedDocument[];
  readonly settled: readonly { readonly createdSeq: number; readonly counts: BodyCounts }[];
}

/** What is looked for. */
export interface SearchQuery {
  /** In the language of FTS5; see `words.ts`. */
  readonly match: string;
  readonly kinds: readonly HitKind[];
  readonly order: "rank" | "newest";
  readonly limit: number;
  /** Of these sessions alone, by their `createdSeq`. */
  readonly sessions?: readonly number[] | undefined;
  /** Not of these, by their `createdSeq`. */
  readonly without?: readonly number[] | undefined;
  readonly userId?: string | undefined;
  /** All of them. */
  readonly tags?: readonly string[] | undefined;
  readonly role?: string | undefined;
  /** Epoch milliseconds, the first that counts. */
  readonly since?: number | undefined;
  /** Epoch milliseconds, the first that does not. */
  readonly until?: number | undefined;
  /** By rank: so many were shown already. */
  readonly skip?: number | undefined;
  /** Newest first: what stands before this one. */
  readonly before?: number | undefined;
}

/** Something that was found. */
export interface Hit {
  /** Its place in the index; newer things have greater ones. */
  readonly id: number;
  readonly createdSeq: number;
  readonly sessionId: string;
  readonly kind: HitKind;
  readonly seq: number;
  readonly at: number;
  readonly place: number | null;
  readonly messageId: string | null;
  readonly role: string | null;
  /** The words around it, with `MARKS` around what matches. */
  readonly snippet: string;
  /** By the bm25 of FTS5, the smaller the better; null where nothing was ranked. */
  readonly rank: number | null;
}

/** What the thread can be asked for: the parameters and the answer of each. */
export interface Asked {
  /** Makes sessions known, and says how far the index is with each. */
  describe: { params: readonly SessionRow[]; answer: SessionState[] };
  add: { params: Batch; answer: null };
  /** Removes a slice of what the index has of sessions; false while something is left. */
  remove: { params: readonly number[]; answer: boolean };
  /** The sessions in the index that are not among these. */
  strangers: { params: readonly number[]; answer: number[] };
  search: { params: SearchQuery; answer: Hit[] };
}

/** One question to the thread. */
export type Request = {
  [K in keyof Asked]: { readonly id: number; readonly ask: K; readonly params: Asked[K]["params"] };
}[keyof Asked];

/** Why the thread could not do it. */
export interface Failure {
  readonly message: string;
  /** Whether the index itself is wrong, so that only making it anew helps. */
  readonly isDamage: boolean;
}

/** The thread's answer to a question. */
export type Response =
  { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly failure: Failure };

/** What the thread is started with. */
export interface Opening {
  readonly path: string;
  /** The kernel's id of this boot; where it is unknown, only an index that was closed in order is trusted. */
  readonly bootId: string | undefined;
}
