import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";

import { asked, type ResourceBounds } from "./bounds.js";
import {
  type CgroupEvents,
  type CgroupFolders,
  CONTROLLERS,
  enableControllers,
  ignoreMissing,
  KERNEL,
  readEvents,
  set,
  words,
  writeBounds,
} from "./cgroupFiles.js";

/** What a command is to be held by. */
export interface CgroupRequest {
  readonly sessionId: string;
  /** Of the group, and of no other at any time. */
  readonly name: string;
  readonly session: ResourceBounds;
  readonly command: ResourceBounds;
}

/** How the kernel may have ended a command, or not let it go on. */
export interface CgroupVerdict {
  readonly cause?: "memory_limit";
  readonly refusedForks: number;
}

/** How often a folder is made again that was just removed with the last command of its session. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * The groups of the kernel (cgroup v2) of one daemon, below a folder that is its own: a group for each session, and in it
 * one for each try of a command. Ids get a prefix, so that none has the name of one of the kernel's files.
 */
export class CgroupTree {
  readonly #root: string;
  readonly #controllers: ReadonlySet<string>;
  readonly #folders: CgroupFolders;
  /** The names of groups that were made here: no sweep takes them. */
  readonly #made = new Set<string>();
  /** Groups of which nothing is wanted any more, while something in them lives on. */
  readonly #left = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isClosed = false;

  /** @param root is there, and its groups may have these controllers */
  constructor(root: string, controllers: ReadonlySet<string>, folders: CgroupFolders = KERNEL) {
    this.#root = root;
    this.#controllers = controllers;
    this.#folders = folders;
  }

  /** Whether it holds all that is asked for. */
  holds(...bounds: readonly ResourceBounds[]): boolean {
    return bounds.flatMap(asked).every((name) => this.#controllers.has(CONTROLLERS[name]));
  }

  /** Makes the group of a command; answers its folder. @throws Node's own errors */
  async make({ sessionId, name, session, command }: CgroupRequest): Promise<string> {
    const folder = this.#sessionFolder(sessionId);
    const own = join(folder, `command-${name}`);
    this.#made.add(name);
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#folders.make(folder).catch(ignoreThere);
        await this.#bound(folder, session, false);
        await enableControllers(folder, this.#controllers);
        await this.#folders.make(own);
        await this.#bound(own, command, true);
        return own;
      } catch (error) {
        // Its last command has just gone, and the group of the session with it.
        if (tries === TRIES || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
  }

  /** New limits for a session, whose commands run already. Nothing where none of them is here. */
  async limitSession(sessionId: string, bounds: ResourceBounds): Promise<void> {
    await this.#bound(this.#sessionFolder(sessionId), bounds, false).catch(ignoreMissing);
  }

  /** What the kernel has done to a command; nothing where its group is gone. */
  async verdict(folder: string): Promise<CgroupVerdict> {
    const [own, session] = await Promise.all([readEvents(folder), readEvents(join(folder, ".."))]);
    const isFull = own.ooms > 0 || session.ooms > 0;
    const { refusedForks } = own;
    // A machine without memory kills as well, and that is no limit of anybody's.
    return own.oomKills > 0 && isFull ? { cause: "memory_limit", refusedForks } : { refusedForks };
  }

  /** What the kernel has counted in a group. */
  events(folder: string): Promise<CgroupEvents> {
    return readEvents(folder);
  }

  /** Kills everything in a group at once. */
  async kill(folder: string): Promise<void> {
    await set(folder, "cgroup.kill", "1").catch(ignoreMissing);
  }

  /** Removes the group of a command, and that of its session after the last one; later, where something lives on in it. */
  async remove(folder: string): Promise<void> {
    this.#made.delete(basename(folder).slice("command-".length));
    this.#left.add(folder);
    this.#pauseMs = FIRST_PAUSE_MS;
    await this.#removeLeft();
  }

  /** Removes what earlier daemons left, but for the groups of commands whose names are `isKnown`. */
  async sweep(isKnown: (name: string) => boolean): Promise<void> {
    for (const session of await foldersIn(this.#root, "session-")) {
      const commands = await foldersIn(join(this.#root, session), "command-");
      for (const command of commands)
        if (!this.#isWanted(command.slice("command-".length), isKnown))
          this.#left.add(join(this.#root, session, command));
      if (commands.length === 0) await this.#folders.remove(join(this.#root, session)).catch(() => undefined);
    }
    await this.#removeLeft();
  }

  /** Removes nothing any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #isWanted(name: string, isKnown: (name: string) => boolean): boolean {
    return this.#made.has(name) || isKnown(name);
  }

  #sessionFolder(sessionId: string): string {
    return join(this.#root, `session-${sessionId}`);
  }

  #bound(folder: string, bounds: ResourceBounds, isWhole: boolean): Promise<void> {
    return writeBounds(folder, bounds, { controllers: this.#controllers, isWhole });
  }

  async #removeLeft(): Promise<void> {
    for (const folder of this.#left) {
      if (!(await this.#isRemoved(folder))) continue;
      this.#left.delete(folder);
      // Refused as long as other commands are in it.
      await this.#folders.remove(join(folder, "..")).catch(() => undefined);
    }
    clearTimeout(this.#timer);
    if (this.#left.size === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#removeLeft(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  /** Groups that a command made within its own go first: whoever runs as this user may have made some. */
  async #isRemoved(folder: string): Promise<boolean> {
    const isGone = (): Promise<boolean> =>
      this.#folders.remove(folder).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code === "ENOENT",
      );
    if (await isGone()) return true;
    for (const below of await foldersIn(folder, "")) await this.#isRemoved(join(folder, below));
    return isGone();
  }
}

/** The controllers of a folder that can hold one of the limits. */
export async function controllersOf(folder: string): Promise<Set<string>> {
  const there = await words(folder, "cgroup.controllers");
  return new Set(Object.values(CONTROLLERS).filter((name) => there.has(name)));
}

async function foldersIn(folder: string, prefix: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix))
    .map(({ name }) => name);
}

function ignoreThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}
