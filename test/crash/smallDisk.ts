import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { within } from "../support/until.js";

/** A namespace of mounts of its own: for root as it is, for others together with one in which they are root. */
const WAYS = [
  { unshare: ["unshare", "--mount"], enter: ["nsenter", "--mount"] },
  {
    unshare: ["unshare", "--mount", "--map-root-user"],
    enter: ["nsenter", "--user", "--preserve-credentials", "--mount"],
  },
];
/** What it takes, for the title of a test that has to be skipped. */
export const MOUNT_NEEDS =
  "to mount in a namespace of its own: unshare and nsenter, and the right to use them";

const MOUNT = 'mount -t tmpfs -o "size=$1,mode=0700" sessiond-test "$0"';
const PIECE_BYTES = 65_536;

/**
 * A file system in memory of a few megabytes, which nobody sees but who is in its namespace: nothing is mounted
 * anywhere else, and it is gone with the last process in there.
 */
export class SmallDisk {
  /** Where it lies, for processes in its namespace; everybody else finds an empty folder. */
  readonly folder: string;
  readonly #keeper: ChildProcessWithoutNullStreams;
  readonly #enter: readonly string[];

  private constructor(folder: string, keeper: ChildProcessWithoutNullStreams, enter: readonly string[]) {
    this.folder = folder;
    this.#keeper = keeper;
    this.#enter = enter;
  }

  /** Whether this user may mount something in a namespace of its own. */
  static canMount(): boolean {
    return way() !== undefined;
  }

  static async mount(sizeBytes: number): Promise<SmallDisk> {
    const found = way();
    if (found === undefined) throw new Error("nothing can be mounted in a namespace of its own here");
    const folder = await mkdtemp(join(tmpdir(), "sessiond-small-disk-"));
    // It ends with its standard input, so also when whoever runs the tests is killed.
    const script = `${MOUNT} && echo mounted && exec cat`;
    const [program, ...args] = [...found.unshare, "sh", "-c", script, folder, String(sizeBytes)];
    const keeper = spawn(program, args);
    const disk = new SmallDisk(folder, keeper, [...found.enter, `--target=${keeper.pid}`]);
    try {
      await within("the small disk", once(keeper.stdout, "data"));
    } catch (error) {
      await disk.close();
      throw error;
    }
    return disk;
  }

  /** Put before a command it runs in the namespace. */
  get around(): readonly string[] {
    return this.#enter;
  }

  /** A path in there, as it is found from here. */
  fromHere(path: string): string {
    return join(`/proc/${this.#keeper.pid}/root`, path);
  }

  /** Writes a file until nothing more goes onto the disk, or until it is that long. Answers its size. */
  async fill(name: string, most = Number.POSITIVE_INFINITY): Promise<number> {
    const file = await open(this.fromHere(join(this.folder, name)), "a");
    const piece = Buffer.alloc(PIECE_BYTES, "x");
    let size = 0;
    try {
      while (size < most)
        size += (await file.write(piece, 0, Math.min(PIECE_BYTES, most - size))).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
    return size;
  }

  /** Gives the space of a file back. */
  async free(name: string): Promise<void> {
    await rm(this.fromHere(join(this.folder, name)), { force: true });
  }

  /** To be called when nobody is left in the namespace but its keeper. */
  async close(): Promise<void> {
    if (this.#keeper.exitCode === null && this.#keeper.signalCode === null) {
      const ended = once(this.#keeper, "close");
      this.#keeper.kill("SIGKILL");
      await ended;
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function way(): (typeof WAYS)[number] | undefined {
  return WAYS.find(({ unshare, enter }) => {
    if (spawnSync(enter[0] ?? "", ["--version"]).status !== 0) return false;
    const folder = mkdtempSync(join(tmpdir(), "sessiond-small-disk-"));
    const [program, ...args] = [...unshare, "sh", "-c", MOUNT, folder, "65536"];
    const { status } = spawnSync(program, args);
    rmSync(folder, { recursive: true });
    return status === 0;
  });
}
