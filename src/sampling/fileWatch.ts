import type { Stats } from "node:fs";

import { watch, type FSWatcher } from "chokidar";

import { IgnoredPaths } from "./ignoredPaths.js";

/** What has happened to the files of a folder. */
export interface FileCounts {
  readonly created: number;
  readonly modified: number;
  readonly deleted: number;
}

/** How well a folder is watched. `partial`: it has more entries than are watched; `failed`: it is not watched at all. */
export interface WatchState {
  readonly state: "watching" | "partial" | "failed";
  /** What the system said, for people. */
  readonly detail?: string | undefined;
}

/** What makes watchers; chokidar. */
export type MakeWatcher = (path: string, ignored: (path: string, stats?: Stats) => boolean) => Watcher;
type Watcher = Pick<FSWatcher, "close" | "on">;

/** After these the watcher sees nothing more: the system's watches or descriptors are used up. */
const FATAL_CODES = new Set(["ENOSPC", "EMFILE", "ENFILE"]);

/**
 * Counts the files that are created, modified and deleted below a folder. No failure of the watcher leaves it; and as
 * each entry costs one of the watches that the system has for a user, there are no more than `mostEntries`.
 */
export class FileWatch {
  readonly #entries = new Set<string>();
  readonly #mostEntries: number;
  readonly #onChange: (change: keyof FileCounts) => void;
  #state: WatchState = { state: "watching" };
  #watcher: Watcher | undefined;
  /** Resolves when what was there at the beginning has been looked at. */
  readonly ready: Promise<void>;

  constructor(
    path: string,
    options: {
      readonly mostEntries: number;
      readonly onChange: (change: keyof FileCounts) => void;
      readonly onState: (state: WatchState) => void;
      readonly make?: MakeWatcher;
    },
  ) {
    this.#mostEntries = options.mostEntries;
    this.#onChange = options.onChange;
    const rules = new IgnoredPaths(path);
    const say = (state: WatchState): void => {
      if (this.#state.state === "failed" || (this.#state.state === state.state && state.detail === undefined))
        return;
      this.#state = state;
      options.onState(state);
    };
    this.ready = new Promise((resolve) => {
      try {
        const make = options.make ?? makeWatcher;
        this.#watcher = make(path, (each, stats) => this.#isLeftOut(rules, path, each, stats, say))
          .on("add", (each) => this.#count(each, "created"))
          .on("change", (each) => this.#count(each, "modified"))
          .on("unlink", (each) => this.#count(each, "deleted"))
          .on("unlinkDir", (each) => void this.#entries.delete(each))
          .on("error", (error) => {
            this.#failed(error, say);
            resolve();
          })
          .on("ready", resolve);
      } catch (error) {
        this.#failed(error, say);
        resolve();
      }
    });
  }

  get state(): WatchState {
    return this.#state;
  }

  /** How many entries are watched. */
  get size(): number {
    return this.#entries.size;
  }

  async close(): Promise<void> {
    this.#entries.clear();
    await this.#watcher?.close().catch(() => undefined);
  }

  #isLeftOut(
    rules: IgnoredPaths,
    root: string,
    path: string,
    stats: Stats | undefined,
    say: (state: WatchState) => void,
  ): boolean {
    if (path === root || this.#entries.has(path)) return false;
    if (rules.has(path, stats?.isDirectory())) return true;
    if (this.#entries.size >= this.#mostEntries) {
      say({ state: "partial" });
      return true;
    }
    this.#entries.add(path);
    return false;
  }

  #count(path: string, change: keyof FileCounts): void {
    if (change === "deleted") this.#entries.delete(path);
    this.#onChange(change);
  }

  #failed(error: unknown, say: (state: WatchState) => void): void {
    const { code, message } = error as NodeJS.ErrnoException;
    const isFatal = !(error instanceof Error) || this.#watcher === undefined || FATAL_CODES.has(code ?? "");
    const detail = code ?? message;
    say({ state: isFatal ? "failed" : "partial", detail });
    if (isFatal) void this.close();
  }
}

function makeWatcher(path: string, ignored: (path: string, stats?: Stats) => boolean): Watcher {
  return watch(path, {
    ignored,
    // What is there already was created by somebody else.
    ignoreInitial: true,
    followSymlinks: false,
    ignorePermissionErrors: true,
  });
}
