import type { Body, FoundBody } from "./bodyFile.js";
import type { BodyKind, FolderOwner } from "./places.js";
import type { BodyPlace } from "./seekBody.js";

/** Which part of a session's bodies is read, and from which end. */
export interface BodyRange {
  readonly order: "newest" | "oldest";
  /** The oldest first: where a body begins, or one ended, as it was found before. */
  readonly from?: number;
  /** The newest first: the same, for the end of what is read. */
  readonly to?: number;
}

/** What a command writes to. */
export type OutputStream = "stdout" | "stderr";

/** A body with whom it belongs to. */
export interface OwnedBody {
  readonly owner: FolderOwner;
  readonly kind: BodyKind;
  readonly body: Body;
}

/**
 * The bodies of a session that is not there yet, put together beside those of all sessions. The record that makes the
 * session names them, and then they become the session's.
 */
export interface StagedBodies {
  /** What the record calls them. */
  readonly token: string;
  /** Takes one body behind the others of its kind. Their seqs grow, and are below zero: all that come later are above. */
  add(kind: BodyKind, body: Body): Promise<void>;
  /**
   * Takes what a command wrote next. Each stream of each command comes as a whole, one after the other. It lies in a
   * file wherever the bodies are.
   */
  addOutput(commandId: string, stream: OutputStream, bytes: Uint8Array): Promise<void>;
  /** Keeps everything. From now on a record may name it. */
  seal(): Promise<void>;
  /** Removes everything again: no record names it, and none will. Never rejects; the next start removes what is left. */
  discard(): Promise<void>;
}

/**
 * Where the bodies of sessions are once they are saved: in files, or in memory for a daemon that ends with the program
 * that has it. Both pass the same tests. The other half of storage is the journal, which there is in both ways too.
 */
export interface BodyStore {
  /**
   * Takes all that the journal still has for an owner, of one kind and in the order of their seqs, and resolves when it
   * is kept. What is there from the seq of the first of them on is replaced, so that a save may be repeated.
   */
  append(owner: FolderOwner, kind: BodyKind, bodies: readonly Body[]): Promise<void>;
  /** Reads what was kept. What comes in or goes meanwhile may be among it or not; an owner without bodies has none. */
  read<B extends Body>(owner: FolderOwner, kind: BodyKind, range: BodyRange): AsyncIterable<FoundBody<B>>;
  /** Where the first body begins that does not come before a place; where the last one ended, if all do. */
  seek(owner: FolderOwner, kind: BodyKind, place: BodyPlace): Promise<number>;
  /** How much comes before the body of `beforeSeq`, in the unit of offsets: bytes. */
  bytesBefore(owner: FolderOwner, kind: BodyKind, beforeSeq: number): Promise<number>;
  /** Removes everything that the owner kept, also what lies beside the bodies. */
  remove(owner: FolderOwner): Promise<void>;
  stage(): Promise<StagedBodies>;
  /**
   * Makes staged bodies those of their session, in this very turn; where they are that already, they stay as they are.
   * Durable once `syncPlaced` came back.
   *
   * @throws what the system says where it cannot be done
   */
  place(owner: FolderOwner, token: string): void;
  /** Makes durable what was placed. */
  syncPlaced(): Promise<void>;
  /** Removes all that was staged and never placed: at a start, when nobody stages anything yet. */
  removeStaged(): Promise<void>;
  /** All that is nowhere but here, so that a copy of the state has to hold it; in the order of seqs for each owner. */
  inMemory(): Iterable<OwnedBody>;
}
