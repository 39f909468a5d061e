import { setImmediate as turn } from "node:timers/promises";

import type { Body, FoundBody } from "./bodyFile.js";
import type { BodyRange, BodyStore, OwnedBody, StagedBodies } from "./bodyStore.js";
import { removeContent } from "./outputFolder.js";
import { type BodyKind, folderName, type FolderOwner } from "./places.js";
import { type BodyPlace, comesBefore } from "./seekBody.js";
import { newStagedToken, StagedFolder } from "./stagedFolder.js";
import { placeStaged, removeAllStaged } from "./staging.js";

/** One body as JSON: what is read is what a file would give back, without what JSON drops. */
interface Line {
  readonly seq: number;
  readonly offset: number;
  readonly endOffset: number;
  readonly text: string;
}

interface Kept {
  readonly owner: FolderOwner;
  readonly kinds: Map<BodyKind, Line[]>;
}

/** One body of a session that is still to be made. */
interface Staged {
  readonly kind: BodyKind;
  readonly body: Body;
}

/** So many bodies are read in one turn of the loop: a file would let others in between, too. */
const SLICE = 1_000;

/** Bodies in memory, for as long as the daemon runs. What commands write lies in a folder all the same. */
export class MemoryBodies implements BodyStore {
  readonly #contentDir: string;
  readonly #kept = new Map<string, Kept>();
  /** By their tokens. */
  readonly #staged = new Map<string, Staged[]>();

  /** @param contentDir where the output of commands lies, which is removed with the bodies of its session. */
  constructor(contentDir: string) {
    this.#contentDir = contentDir;
  }

  append(owner: FolderOwner, kind: BodyKind, bodies: readonly Body[]): Promise<void> {
    const [first] = bodies;
    if (first === undefined) return Promise.resolve();
    const lines = this.#linesFor(owner, kind);
    lines.length = firstAt(lines, ({ seq }) => seq >= first.seq);
    for (const body of bodies) push(lines, body);
    return Promise.resolve();
  }

  async *read<B extends Body>(
    owner: FolderOwner,
    kind: BodyKind,
    { order, from = 0, to = Number.POSITIVE_INFINITY }: BodyRange,
  ): AsyncGenerator<FoundBody<B>> {
    const lines = this.#lines(owner, kind);
    const step = order === "oldest" ? 1 : -1;
    const start =
      order === "oldest"
        ? firstAt(lines, ({ offset }) => offset >= from)
        : firstAt(lines, ({ endOffset }) => endOffset > to) - 1;
    let count = 0;
    // Not a copy: a page of few out of many must not cost what all of them do.
    for (let index = start; ; index += step) {
      const line = lines[index];
      if (line === undefined) return;
      const { text, offset, endOffset } = line;
      yield { body: JSON.parse(text) as B, offset, endOffset };
      count += 1;
      if (count % SLICE === 0) await turn();
    }
  }

  seek(owner: FolderOwner, kind: BodyKind, place: BodyPlace): Promise<number> {
    const lines = this.#lines(owner, kind);
    const line = lines[firstAt(lines, ({ text }) => !comesBefore(JSON.parse(text) as Body, place))];
    return Promise.resolve(line?.offset ?? lines.at(-1)?.endOffset ?? 0);
  }

  bytesBefore(owner: FolderOwner, kind: BodyKind, beforeSeq: number): Promise<number> {
    const lines = this.#lines(owner, kind);
    const last = lines[firstAt(lines, ({ seq }) => seq >= beforeSeq) - 1];
    return Promise.resolve(last?.endOffset ?? 0);
  }

  remove(owner: FolderOwner): Promise<void> {
    this.#kept.delete(folderName(owner));
    return removeContent(this.#contentDir, owner);
  }

  stage(): Promise<StagedBodies> {
    const bodies: Staged[] = [];
    const token = newStagedToken();
    this.#staged.set(token, bodies);
    let output: StagedFolder | undefined;
    return Promise.resolve({
      token,
      add: (kind, body) => Promise.resolve(void bodies.push({ kind, body })),
      addOutput: async (commandId, stream, bytes) => {
        output ??= await StagedFolder.create(this.#contentDir, token);
        await output.addOutput(commandId, stream, bytes);
      },
      seal: async () => output?.seal(),
      discard: async () => {
        this.#staged.delete(token);
        await output?.discard();
      },
    });
  }

  place(owner: FolderOwner, token: string): void {
    placeStaged(this.#contentDir, token, folderName(owner));
    for (const { kind, body } of this.#staged.get(token) ?? []) push(this.#linesFor(owner, kind), body);
    this.#staged.delete(token);
  }

  /** Nothing: it ends with the daemon. */
  syncPlaced(): Promise<void> {
    return Promise.resolve();
  }

  removeStaged(): Promise<void> {
    this.#staged.clear();
    return removeAllStaged(this.#contentDir);
  }

  *inMemory(): Generator<OwnedBody> {
    for (const { owner, kinds } of this.#kept.values()) {
      const all = [...kinds].flatMap(([kind, lines]) => lines.map((line) => ({ kind, ...line })));
      for (const { kind, text } of all.toSorted((a, b) => a.seq - b.seq))
        yield { owner, kind, body: JSON.parse(text) as Body };
    }
  }

  #lines(owner: FolderOwner, kind: BodyKind): readonly Line[] {
    return this.#kept.get(folderName(owner))?.kinds.get(kind) ?? [];
  }

  #linesFor(owner: FolderOwner, kind: BodyKind): Line[] {
    const name = folderName(owner);
    const kept = this.#kept.get(name) ?? { owner, kinds: new Map<BodyKind, Line[]>() };
    this.#kept.set(name, kept);
    const lines = kept.kinds.get(kind) ?? [];
    kept.kinds.set(kind, lines);
    return lines;
  }
}

/** Takes a body behind the others. */
function push(lines: Line[], body: Body): void {
  const text = JSON.stringify(body);
  const offset = lines.at(-1)?.endOffset ?? 0;
  lines.push({ seq: body.seq, offset, endOffset: offset + Buffer.byteLength(text), text });
}

/** The index of the first line that it holds for, and for all behind it; the length where it holds for none. */
function firstAt(lines: readonly Line[], holds: (line: Line) => boolean): number {
  let [low, high] = [0, lines.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const line = lines[middle];
    if (line !== undefined && !holds(line)) low = middle + 1;
    else high = middle;
  }
  return low;
}
