import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import type * as FileSystem from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import {
  checksum,
  ChecksumError,
  readFileSafe,
  readJson,
  retryFileOperation,
  writeFileSafe,
  writeJson,
} from "../../client/files.js";

vi.mock("node:fs/promises", async (importOriginal) => {
  const original = await importOriginal<typeof FileSystem>();
  return { ...original, chmod: vi.fn(original.chmod) };
});

// As `printf hello | sha256sum` shows it.
const HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-files-"));
  path = join(dir, "file");
});

afterEach(async () => {
  vi.useRealTimers();
  await rm(dir, { recursive: true, force: true });
});

const failing = (code: string): Error => Object.assign(new Error(code), { code });

describe("retryFileOperation", () => {
  it("tries again with growing pauses while the error can pass", async () => {
    vi.useFakeTimers();
    const operation = vi.fn(() => 42);
    for (const code of ["EMFILE", "EBUSY", "EAGAIN"]) {
      operation.mockImplementationOnce(() => {
        throw failing(code);
      });
    }
    const result = retryFileOperation(operation, { delayMs: 10 });
    await vi.advanceTimersByTimeAsync(9);
    expect(operation).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(operation).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(19);
    expect(operation).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(41);
    await expect(result).resolves.toBe(42);
    expect(operation).toHaveBeenCalledTimes(4);
  });

  it.each(["ENOENT", "EACCES", "EISDIR", "ENOSPC", "EROFS"])("throws %s at once", async (code) => {
    const operation = vi.fn(() => Promise.reject(failing(code)));
    await expect(retryFileOperation(operation)).rejects.toMatchObject({ code });
    expect(operation).toHaveBeenCalledTimes(1);
  });

  it("throws at once what has no code, and what is no error", async () => {
    await expect(retryFileOperation(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    // eslint-disable-next-line typescript/prefer-promise-reject-errors -- a caller may throw anything
    await expect(retryFileOperation(() => Promise.reject(undefined))).rejects.toBeUndefined();
  });

  it("gives up after so many retries", async () => {
    const operation = vi.fn(() => Promise.reject(failing("EBUSY")));
    await expect(retryFileOperation(operation, { maxRetries: 2, delayMs: 0 })).rejects.toThrow("EBUSY");
    expect(operation).toHaveBeenCalledTimes(3);
  });

  it("ends with its signal", async () => {
    const operation = (): Promise<never> => Promise.reject(failing("EBUSY"));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(retryFileOperation(operation, { signal, delayMs: 1_000_000 })).rejects.toThrow("enough");
  });
});

describe("readFileSafe", () => {
  it("reads text, and the default only where there is no file", async () => {
    await writeFile(path, "");
    await expect(readFileSafe(path, { default: "d" })).resolves.toBe("");
    await expect(readFileSafe(join(dir, "absent"), { default: "d" })).resolves.toBe("d");
    await expect(readFileSafe(join(dir, "absent"))).rejects.toMatchObject({ code: "ENOENT" });
    await expect(readFileSafe(dir, { default: "d" })).rejects.toMatchObject({ code: "EISDIR" });
  });

  it("holds the content against its checksum", async () => {
    await writeFile(path, "hello");
    await expect(readFileSafe(path, { sha256: HELLO_SHA256 })).resolves.toBe("hello");
    await writeFile(path, "hellO");
    const error = await readFileSafe(path, { sha256: HELLO_SHA256 }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(ChecksumError);
    expect((error as Error).message).toContain(path);
  });
});

describe("writeFileSafe", () => {
  it.each([true, false])("writes text and bytes, and says what: atomic %s", async (atomic) => {
    await expect(writeFileSafe(path, "hello", { atomic })).resolves.toEqual({
      sha256: HELLO_SHA256,
      sizeBytes: 5,
    });
    await expect(readFile(path, "utf8")).resolves.toBe("hello");
    await writeFileSafe(path, Buffer.from([0, 255]), { atomic });
    await expect(readFile(path)).resolves.toEqual(Buffer.from([0, 255]));
    await expect(readdir(dir)).resolves.toEqual(["file"]);
  });

  it("is atomic unless told otherwise: the name gets a new file", async () => {
    await writeFileSafe(path, "one");
    const { ino } = await stat(path);
    await writeFileSafe(path, "two", { atomic: false });
    expect((await stat(path)).ino).toBe(ino);
    await writeFileSafe(path, "three");
    expect((await stat(path)).ino).not.toBe(ino);
  });

  it("keeps the content before where that is wanted", async () => {
    await expect(writeFileSafe(path, "one", { backup: true })).resolves.not.toHaveProperty("backupPath");
    const { backupPath } = await writeFileSafe(path, "two", { backup: true });
    expect(backupPath).toBe(`${path}.bak`);
    await writeFileSafe(path, "three");
    await expect(readFile(`${path}.bak`, "utf8")).resolves.toBe("one");
    await expect(readFile(path, "utf8")).resolves.toBe("three");
  });

  it.each([true, false])("keeps the permissions of a file, whatever the umask: atomic %s", async (atomic) => {
    await writeFileSafe(path, "one", { mode: 0o600 });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await chmod(path, 0o666);
    await writeFileSafe(path, "two", { atomic, mode: 0o600 });
    expect((await stat(path)).mode & 0o777).toBe(0o666);
  });

  it("writes what a symbolic link points to", async () => {
    await writeFile(path, "one");
    await symlink("file", join(dir, "link"));
    await writeFileSafe(join(dir, "link"), "two");
    await expect(readFile(path, "utf8")).resolves.toBe("two");
    expect((await readdir(dir)).toSorted()).toEqual(["file", "link"]);
  });

  it.each([true, false])("writes what a link leads to that leads nowhere yet: atomic %s", async (atomic) => {
    await mkdir(join(dir, "far", "off"), { recursive: true });
    await symlink("far/off", join(dir, "near"));
    await symlink("second", join(dir, "first"));
    // Beside `off`, and not beside the link.
    await symlink("near/../target", join(dir, "second"));
    await writeFileSafe(join(dir, "first"), "one", { atomic });
    await expect(readFile(join(dir, "far", "target"), "utf8")).resolves.toBe("one");
    expect((await readdir(dir)).toSorted()).toEqual(["far", "first", "near", "second"]);
    expect((await lstat(join(dir, "first"))).isSymbolicLink()).toBe(true);
  });

  it("refuses a link that leads to itself", async () => {
    await symlink("loop", join(dir, "loop"));
    await expect(writeFileSafe(join(dir, "loop"), "x")).rejects.toMatchObject({ code: "ELOOP" });
  });

  it("leaves the permissions of a file alone that it writes as it lies", async () => {
    await writeFile(path, "one");
    vi.mocked(chmod).mockClear();
    // It may be somebody else's, who lets this user write to it and not change its permissions.
    await writeFileSafe(path, "two", { atomic: false });
    expect(vi.mocked(chmod)).not.toHaveBeenCalled();
  });

  it("throws where there is no folder", async () => {
    await expect(writeFileSafe(join(dir, "no", "file"), "x")).rejects.toMatchObject({ code: "ENOENT" });
  });
});

describe("JSON files", () => {
  it("come back as they were written", async () => {
    await writeJson(path, { a: [1, null] });
    await expect(readFile(path, "utf8")).resolves.toBe('{\n  "a": [\n    1,\n    null\n  ]\n}\n');
    await expect(readJson(path)).resolves.toEqual({ a: [1, null] });
  });

  it("have a default where there is no file, and only there", async () => {
    await expect(readJson(path, { default: {} })).resolves.toEqual({});
    await expect(readJson(path)).rejects.toMatchObject({ code: "ENOENT" });
    await writeFile(path, '{"a":');
    await expect(readJson(path, { default: {} })).rejects.toThrow(`${path} is not JSON`);
    await writeFile(path, "");
    await expect(readJson(path, { default: {} })).rejects.toThrow(`${path} is not JSON`);
  });

  it("refuse what has no JSON, and leave the file as it is", async () => {
    await writeJson(path, 1);
    await expect(writeJson(path, undefined)).rejects.toThrow("there is no JSON for undefined");
    await expect(readJson(path)).resolves.toBe(1);
  });
});

describe("checksum", () => {
  it("is that of sha256sum", async () => {
    await writeFile(path, "hello");
    await expect(checksum(path)).resolves.toBe(HELLO_SHA256);
    await expect(checksum(join(dir, "absent"))).rejects.toMatchObject({ code: "ENOENT" });
  });
});
