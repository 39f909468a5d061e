import type { Dir, Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** What lies in a folder, however deep. */
export interface DiskFound {
  readonly sizeBytes: number;
  /** There are more entries than are looked at. */
  readonly isPartial: boolean;
}

export interface DiskUseBounds {
  /** Entries that are looked at in one step, over all folders. */
  readonly entriesPerStep: number;
  /** Entries of one folder, however deep, above which the rest is left out. */
  readonly mostEntries: number;
  /** From the end of a walk to the beginning of the next one of the same folder, at least; ten times as long as it took. */
  readonly pauseMs: number;
}

const BOUNDS: DiskUseBounds = { entriesPerStep: 250, mostEntries: 200_000, pauseMs: 60_000 };
const BLOCK_BYTES = 512;

/** A walk through a folder that is under way. */
interface Walk {
  readonly startedMs: number;
  readonly folders: string[];
  dir: { readonly path: string; readonly handle: Dir } | undefined;
  device: number | undefined;
  entries: number;
  sizeBytes: number;
}

interface Watched {
  walk: Walk | undefined;
  found: DiskFound | undefined;
  /** Not before, by the clock of the steps. */
  nextAtMs: number;
}

/**
 * How much disk folders take, found out in small steps: a walk stops after so many entries, and goes on from there at the
 * next step, so that a large tree costs time and nothing else. Links are not followed, other file systems not entered;
 * a file with several names counts for each. Sessions in one folder share its walk.
 */
export class DiskUse {
  readonly #bounds: DiskUseBounds;
  readonly #folders = new Map<string, Watched>();

  constructor(bounds: Partial<DiskUseBounds> = {}) {
    this.#bounds = { ...BOUNDS, ...bounds };
  }

  /** What the last whole walk found; undefined before. */
  get(path: string): DiskFound | undefined {
    return this.#folders.get(path)?.found;
  }

  /** Goes on with the walks of these folders, and forgets all others. Never rejects: what cannot be read counts as nothing. */
  async step(paths: ReadonlySet<string>, nowMs: number): Promise<void> {
    for (const [path, { walk }] of this.#folders) {
      if (paths.has(path)) continue;
      this.#folders.delete(path);
      await walk?.dir?.handle.close().catch(() => undefined);
    }
    for (const path of paths)
      if (!this.#folders.has(path))
        this.#folders.set(path, { walk: undefined, found: undefined, nextAtMs: nowMs });
    let left = this.#bounds.entriesPerStep;
    const turns = [...this.#folders];
    for (const [path, watched] of turns) {
      if (left <= 0) break;
      if (watched.nextAtMs > nowMs) continue;
      left -= await this.#advance(path, watched, left, nowMs);
      // To the end of the row: a large tree does not keep the others from their turn.
      this.#folders.delete(path);
      this.#folders.set(path, watched);
    }
  }

  /** Forgets everything. */
  close(): Promise<void> {
    return this.step(new Set(), 0);
  }

  /** Answers how many entries were looked at. */
  async #advance(path: string, watched: Watched, most: number, nowMs: number): Promise<number> {
    const walk = (watched.walk ??= {
      startedMs: nowMs,
      folders: [path],
      dir: undefined,
      device: undefined,
      entries: 0,
      sizeBytes: 0,
    });
    let looked = 0;
    while (looked < most) {
      const isFull = walk.entries >= this.#bounds.mostEntries;
      if (isFull || !(await this.#next(walk))) {
        await walk.dir?.handle.close().catch(() => undefined);
        watched.found = { sizeBytes: walk.sizeBytes, isPartial: isFull };
        watched.walk = undefined;
        watched.nextAtMs = nowMs + Math.max(this.#bounds.pauseMs, 10 * (nowMs - walk.startedMs));
        break;
      }
      looked += 1;
      walk.entries += 1;
    }
    return looked;
  }

  /** Looks at one entry; answers whether there was one. */
  async #next(walk: Walk): Promise<boolean> {
    for (;;) {
      if (walk.dir === undefined) {
        const path = walk.folders.pop();
        if (path === undefined) return false;
        const handle = await opendir(path).catch(() => undefined);
        if (handle === undefined) continue;
        walk.dir = { path, handle };
        walk.device ??= (await look(path))?.dev;
      }
      const { path, handle } = walk.dir;
      const entry = await handle.read().catch(() => null);
      if (entry !== null) {
        await this.#count(walk, join(path, entry.name));
        return true;
      }
      walk.dir = undefined;
      await handle.close().catch(() => undefined);
    }
  }

  async #count(walk: Walk, path: string): Promise<void> {
    const found = await look(path);
    if (found === undefined || found.dev !== walk.device) return;
    walk.sizeBytes += found.blocks * BLOCK_BYTES;
    if (found.isDirectory()) walk.folders.push(path);
  }
}

function look(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined);
}
