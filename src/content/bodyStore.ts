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

/** A body with whom it belongs to. */
export interface OwnedBody {
  readonly owner: FolderOwner;
  readonly kind: BodyKind;
  readonly body: Body;
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
  /** All that is nowhere but here, so that a copy of the state has to hold it; in the order of seqs for each owner. */
  inMemory(): Iterable<OwnedBody>;
}
