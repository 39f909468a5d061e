import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, readFile, readlink, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, isAbsolute } from "node:path";
import { pipeline } from "node:stream/promises";

import { writeFileAtomic } from "../src/disk/atomic.js";
import { LONGEST_DELAY_MS } from "./backoff.js";
import { retry } from "./retry.js";

/** How often and how patiently a file operation is tried again. */
export interface FileRetryOptions {
  /** Tries after the first. 5. */
  readonly maxRetries?: number;
  /** Pause before the second try; it doubles from there. 100. */
  readonly delayMs?: number;
  /** No try is begun once it is aborted, and the waiting between two ends, with its reason. */
  readonly signal?: AbortSignal;
}

/** Errors of the system that can be over by the next try. That a file is missing or forbidden is none of them. */
const PASSING: ReadonlySet<string> = new Set([
  "EAGAIN",
  "EBUSY",
  "EDEADLK",
  "EINTR",
  "EMFILE",
  "ENFILE",
  "ENOLCK",
  "ESTALE",
  "ETIMEDOUT",
  "ETXTBSY",
]);

/** What a new file may be, before the process's umask, as for `node:fs`. */
const NEW_FILE_MODE = 0o666;

/** The content of a file is not what it was expected to be. */
export class ChecksumError extends Error {
  override readonly name = "ChecksumError";

  constructor(path: string, expected: string, actual: string) {
    super(`${path} is not what was expected: its SHA-256 is ${actual}, not ${expected}.`);
  }
}

/**
 * Does `operation`, again with growing pauses while it fails with an error that can pass (too many open files,
 * a busy file, …). Any other error is thrown at once, such as `ENOENT` and `EACCES`.
 */
export function retryFileOperation<T>(
  operation: () => T | Promise<T>,
  { maxRetries = 5, delayMs = 100, signal }: FileRetryOptions = {},
): Promise<T> {
  return retry(operation, {
    maxAttempts: maxRetries + 1,
    initialIntervalMs: delayMs,
    maximumIntervalMs: LONGEST_DELAY_MS,
    jitter: 0,
    isRetryable: (error) => PASSING.has(codeOf(error) ?? ""),
    signal,
  });
}

/**
 * Reads a text file.
 *
 * @param options `default`: the answer if there is no such file. `sha256`: what its content must be.
 * @throws {ChecksumError} when the content is another.
 */
export async function readFileSafe(
  path: string,
  options: { readonly default?: string; readonly sha256?: string } = {},
): Promise<string> {
  const reading = retryFileOperation(() => readFile(path));
  const bytes = options.default === undefined ? await reading : await unlessMissing(reading);
  if (bytes === undefined) return options.default ?? "";
  const actual = sha256(bytes);
  if (options.sha256 !== undefined && options.sha256 !== actual) {
    throw new ChecksumError(path, options.sha256, actual);
  }
  return bytes.toString("utf8");
}

/** How a file is written. */
export interface WriteOptions {
  /** All or nothing, also on a power loss: its name leads to the old content or the new. Defaults to true. */
  readonly atomic?: boolean;
  /** Keeps the content before as `<path>.bak`. Defaults to false. */
  readonly backup?: boolean;
  /** Permissions of a new file; one that is there keeps its own. */
  readonly mode?: number;
}

/** What was written: enough to recognise it later. */
export interface WrittenFile {
  /** In hexadecimal digits, as `sha256sum` shows it. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Where the content before is, if it was kept. */
  readonly backupPath?: string;
}

/** Writes a file. A symbolic link stays one: what it points to is written, also where that is not there yet. */
export async function writeFileSafe(
  path: string,
  content: string | Uint8Array,
  { atomic = true, backup = false, mode = NEW_FILE_MODE }: WriteOptions = {},
): Promise<WrittenFile> {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const target = await targetOf(path);
  const before = await unlessMissing(stat(target));
  const kept = before === undefined ? mode : before.mode & 0o777;
  const backupPath = backup && before !== undefined ? `${path}.bak` : undefined;
  if (backupPath !== undefined) {
    await retryFileOperation(async () => writeFileAtomic(backupPath, await readFile(target), { mode: kept }));
  }
  if (atomic) await retryFileOperation(() => writeFileAtomic(target, bytes, { mode: kept }));
  else await retryFileOperation(() => writeFile(target, bytes, { mode: kept }));
  // The file that took the place of the old one was made under the umask, which may have taken bits away. One that
  // was written as it lies has kept its own, and may belong to somebody else.
  if (atomic && before !== undefined) await chmod(target, kept);
  const written = { sha256: sha256(bytes), sizeBytes: bytes.length };
  return backupPath === undefined ? written : { ...written, backupPath };
}

/**
 * Reads a JSON file.
 *
 * @param options `default`: the answer if there is no such file. A file that is there and is not JSON is an
 *   error all the same: to go on without it would be to lose it.
 */
export async function readJson<T = unknown>(
  path: string,
  options: { readonly default?: T } = {},
): Promise<T> {
  const reading = retryFileOperation(() => readFile(path, "utf8"));
  const text = options.default === undefined ? await reading : await unlessMissing(reading);
  if (text === undefined) return options.default as T;
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new Error(`${path} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes a value as JSON, indented, with a newline at its end. */
export async function writeJson(path: string, value: unknown, options?: WriteOptions): Promise<WrittenFile> {
  const text = JSON.stringify(value, null, 2) as string | undefined;
  if (text === undefined)
    throw new TypeError(`${path} was not written: there is no JSON for ${typeof value}.`);
  return writeFileSafe(path, `${text}\n`, options);
}

/** The SHA-256 of a file of any size, in hexadecimal digits. */
export function checksum(path: string): Promise<string> {
  return retryFileOperation(async () => {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
  });
}

/** The path that a file is written to, which is where the links lead. */
async function targetOf(path: string): Promise<string> {
  const whole = await unlessMissing(realpath(path));
  if (whole !== undefined) return whole;
  const link = await unlessMissing(readlink(path));
  if (link === undefined) return path;
  // Not joined: the system takes `..` behind a linked folder for another one than `join` would.
  return targetOf(isAbsolute(link) ? link : `${dirname(path)}/${link}`);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
