import { execFileSync } from "node:child_process";
import { mkdtemp, open, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("killingDisk.c", import.meta.url));
/** Two numbers of 64 bits. */
const CONTROL_BYTES = 16;

/** What is done of the call at which the process ends: nothing of it, or half of it where it writes. */
export type KillMode = "before" | "half";

/** Ends a process by SIGKILL at a given call of the disk, by a small library that is loaded into it. */
export class KillingDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles the library; `cc` is needed. */
  static async build(): Promise<KillingDisk> {
    const disk = new KillingDisk(await realpath(await mkdtemp(join(tmpdir(), "sessiond-kills-"))));
    await writeFile(disk.#control, Buffer.alloc(CONTROL_BYTES));
    const flags = ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra"];
    execFileSync("cc", [...flags, "-o", disk.#library, SOURCE, "-ldl"]);
    return disk;
  }

  /** What a process has to find in its environment, one at a time; calls below `folder` count. */
  env(folder: string): Readonly<Record<string, string>> {
    const own = { SESSIOND_KILL_CONTROL: this.#control, SESSIOND_KILL_UNDER: folder };
    // Calls that the kernel makes by itself pass by every library.
    return { LD_PRELOAD: this.#library, UV_USE_IO_URING: "0", ...own };
  }

  /** Ends the process at the n-th call from now on that changes something, 1 being the next one. */
  async arm(nth: number, mode: KillMode): Promise<void> {
    await this.#set(nth, mode === "half");
  }

  /** From now on nothing happens. */
  async disarm(): Promise<void> {
    await this.#set(0, false);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** The file is shared memory of the process: it is written to, and never replaced. */
  async #set(left: number, cutsWrites: boolean): Promise<void> {
    const bytes = Buffer.alloc(CONTROL_BYTES);
    bytes.writeBigInt64LE(BigInt(left), 0);
    bytes.writeBigInt64LE(cutsWrites ? 1n : 0n, 8);
    const file = await open(this.#control, "r+");
    await file.write(bytes, 0, CONTROL_BYTES, 0);
    await file.close();
  }

  get #library(): string {
    return join(this.#folder, "killingDisk.so");
  }

  get #control(): string {
    return join(this.#folder, "control");
  }
}
