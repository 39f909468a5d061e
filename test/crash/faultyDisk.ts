import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("faultyDisk.c", import.meta.url));

/** Calls that can be made to fail: fsync and fdatasync, pwrite, ftruncate. */
export type FaultyCall = "sync" | "write" | "truncate";

/** Makes the calls of a daemon on its journal fail, by a small library that is loaded into it. */
export class FaultyDisk {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles the library; `cc` is needed. */
  static async build(): Promise<FaultyDisk> {
    const disk = new FaultyDisk(await mkdtemp(join(tmpdir(), "sessiond-faults-")));
    await mkdir(disk.#faults);
    execFileSync("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-o", disk.#library, SOURCE]);
    return disk;
  }

  /** What a daemon has to find in its environment. */
  get env(): Readonly<Record<string, string>> {
    return { LD_PRELOAD: this.#library, SESSIOND_FAULTS: this.#faults };
  }

  /** From now on such calls fail; SHORT lets a write take fewer bytes than it was given, without an error. */
  async fail(
    call: FaultyCall,
    error: "EIO" | "ENOSPC" | "SHORT",
    howOften: "once" | "always",
  ): Promise<void> {
    await writeFile(join(this.#faults, call), `${error} ${howOften}`);
  }

  /** Whether a fault waits for its call, or goes on. */
  isFailing(call: FaultyCall): boolean {
    return existsSync(join(this.#faults, call));
  }

  /** All calls work again. */
  async heal(): Promise<void> {
    await rm(this.#faults, { recursive: true, force: true });
    await mkdir(this.#faults);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #library(): string {
    return join(this.#folder, "faultyDisk.so");
  }

  get #faults(): string {
    return join(this.#folder, "faults");
  }
}
