import { appendBodies, type Body, bytesBefore, type FoundBody, readBodies } from "./bodyFile.js";
import type { BodyRange, BodyStore } from "./bodyStore.js";
import { removeContent } from "./outputFolder.js";
import { type BodyKind, bodyPath, type FolderOwner } from "./places.js";
import { type BodyPlace, seekBody } from "./seekBody.js";

/** Bodies in files, one a kind in the folder of each session. */
export class FileBodies implements BodyStore {
  readonly #contentDir: string;

  constructor(contentDir: string) {
    this.#contentDir = contentDir;
  }

  append(owner: FolderOwner, kind: BodyKind, bodies: readonly Body[]): Promise<void> {
    return appendBodies(this.#path(owner, kind), bodies);
  }

  read<B extends Body>(owner: FolderOwner, kind: BodyKind, range: BodyRange): AsyncIterable<FoundBody<B>> {
    return readBodies<B>(this.#path(owner, kind), range);
  }

  seek(owner: FolderOwner, kind: BodyKind, place: BodyPlace): Promise<number> {
    return seekBody(this.#path(owner, kind), place);
  }

  bytesBefore(owner: FolderOwner, kind: BodyKind, beforeSeq: number): Promise<number> {
    return bytesBefore(this.#path(owner, kind), beforeSeq);
  }

  remove(owner: FolderOwner): Promise<void> {
    return removeContent(this.#contentDir, owner);
  }

  /** Nothing: it is all on disk. */
  inMemory(): [] {
    return [];
  }

  /** The one place in which a body's file is looked up. */
  #path(owner: FolderOwner, kind: BodyKind): string {
    return bodyPath(this.#contentDir, owner, kind);
  }
}
