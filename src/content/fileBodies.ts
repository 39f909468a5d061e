import { join } from "node:path";

import { appendBodies, type Body, bytesBefore, type FoundBody, readBodies } from "./bodyFile.js";
import type { BodyRange, BodyStore, StagedBodies } from "./bodyStore.js";
import { removeContent } from "./outputFolder.js";
import { type BodyKind, bodyPath, folderName, type FolderOwner } from "./places.js";
import { PlainFiles } from "./plainFiles.js";
import { type BodyPlace, seekBody } from "./seekBody.js";
import { StagedFolder } from "./stagedFolder.js";
import { placeStaged, removeAllStaged, syncStaging } from "./staging.js";

/** Bodies in files, one a kind in the folder of each session. */
export class FileBodies implements BodyStore {
  readonly #contentDir: string;
  readonly #files: PlainFiles;

  /** @param files which files may be compressed */
  constructor(contentDir: string, files = new PlainFiles()) {
    this.#contentDir = contentDir;
    this.#files = files;
  }

  append(owner: FolderOwner, kind: BodyKind, bodies: readonly Body[]): Promise<void> {
    const path = this.#path(owner, kind);
    return this.#files.use(path, () => appendBodies(path, bodies));
  }

  read<B extends Body>(owner: FolderOwner, kind: BodyKind, range: BodyRange): AsyncIterable<FoundBody<B>> {
    return this.#files.readAll(this.#path(owner, kind), (path) => readBodies<B>(path, range));
  }

  seek(owner: FolderOwner, kind: BodyKind, place: BodyPlace): Promise<number> {
    return this.#files.read(this.#path(owner, kind), (path) => seekBody(path, place));
  }

  bytesBefore(owner: FolderOwner, kind: BodyKind, beforeSeq: number): Promise<number> {
    return bytesBefore(this.#path(owner, kind), beforeSeq);
  }

  async remove(owner: FolderOwner): Promise<void> {
    await removeContent(this.#contentDir, owner);
    await this.#files.forget(join(this.#contentDir, folderName(owner)));
  }

  stage(): Promise<StagedBodies> {
    return StagedFolder.create(this.#contentDir);
  }

  place(owner: FolderOwner, token: string): void {
    placeStaged(this.#contentDir, token, folderName(owner));
  }

  syncPlaced(): Promise<void> {
    return syncStaging(this.#contentDir);
  }

  removeStaged(): Promise<void> {
    return removeAllStaged(this.#contentDir);
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
