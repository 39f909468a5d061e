import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AppendFile } from "../../src/disk/appendFile.js";
import { writeFileAtomic } from "../../src/disk/atomic.js";
import { ensurePrivateFolder, syncFolder } from "../../src/disk/folder.js";
import { diskOperations, exists, hasCode, type DiskOperations } from "../../src/disk/operations.js";
import { isPendingName, PendingFile } from "../../src/disk/pendingFile.js";
import { removeFile, removeTree, renameFile } from "../../src/disk/remove.js";
import { temporaryFolders } from "./temporaryFolder.js";

const folder = temporaryFolders();

function failing(name: keyof DiskOperations, code = "EIO"): DiskOperations {
  const fail = () => Promise.reject(Object.assign(new Error(`${code}: injected`), { code }));
  return { ...diskOperations, [name]: fail };
}

/** Calls in order, by name and last part of the path. */
function recorded(): { calls: string[]; operations: DiskOperations } {
  const calls: string[] = [];
  const paths = new Map<unknown, string>();
  const entries = Object.entries(diskOperations).map(([name, call]) => [
    name,
    async (...args: unknown[]) => {
      const path = typeof args[0] === "number" ? paths.get(args[0]) : String(args[0]);
      calls.push(
        `${name} ${path
          ?.split("/")
          .at(-1)
          ?.replace(/[0-9a-f]{12}/, "*")}`,
      );
      const result: unknown = await (call as (...args: unknown[]) => unknown)(...args);
      if (name === "open") paths.set(result, String(args[0]));
      return result;
    },
  ]);
  return { calls, operations: Object.fromEntries(entries) as DiskOperations };
}

describe("writeFileAtomic", () => {
  it("replaces the file under its mode, and syncs in the order that makes it safe", async () => {
    const root = await folder();
    const path = join(root, "file");
    const { calls, operations } = recorded();
    await writeFileAtomic(path, "old");
    await writeFileAtomic(path, Buffer.from("new"), { operations, mode: 0o640 });
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o640);
    const name = root.split("/").at(-1);
    expect(calls).toEqual([
      "open file.*.tmp",
      "write file.*.tmp",
      "fsync file.*.tmp",
      `open ${name}`,
      "rename file.*.tmp",
      `fsync ${name}`,
      `close ${name}`,
      "close file.*.tmp",
    ]);
    await writeFileAtomic(join(root, "private"), "");
    expect((await stat(join(root, "private"))).mode & 0o777).toBe(0o600);
  });

  it.each(["open", "write", "fsync", "rename"] as const)(
    "leaves the old file and nothing else when %s fails",
    async (name) => {
      const root = await folder();
      await writeFileAtomic(join(root, "file"), "old");
      const writing = writeFileAtomic(join(root, "file"), "new", { operations: failing(name) });
      await expect(writing).rejects.toThrow("EIO");
      expect(await readdir(root)).toEqual(["file"]);
      expect(await readFile(join(root, "file"), "utf8")).toBe("old");
    },
  );

  it("writes on after a short write, and gives up when nothing is taken", async () => {
    const path = join(await folder(), "file");
    const short: DiskOperations = {
      ...diskOperations,
      write: (fd, bytes, offset, _, position) => diskOperations.write(fd, bytes, offset, 1, position),
    };
    await writeFileAtomic(path, "many bytes", { operations: short });
    expect(await readFile(path, "utf8")).toBe("many bytes");
    const stuck = { ...diskOperations, write: () => Promise.resolve(0) };
    await expect(writeFileAtomic(path, "x", { operations: stuck })).rejects.toThrow("takes no more bytes");
  });
});

describe("a pending file", () => {
  it("can be cut before it is published, and is known by its name until then", async () => {
    const root = await folder();
    const file = await PendingFile.create(join(root, "file"), 0o600, diskOperations);
    await file.write(Buffer.from("abcdef"));
    await file.truncate(3);
    await file.write(Buffer.from("x"));
    const [name = ""] = await readdir(root);
    expect([isPendingName(name), isPendingName("file"), isPendingName("my.tmp")]).toEqual([
      true,
      false,
      false,
    ]);
    expect(await exists(join(root, "file"), diskOperations)).toBe(false);
    await file.publish();
    await file.close();
    expect(await exists(join(root, "file"), diskOperations)).toBe(true);
    expect(await readFile(join(root, "file"), "utf8")).toBe("abcx");
    await expect(exists(join(root, "file"), failing("lstat"))).rejects.toThrow("EIO");
  });
});

describe("an append file", () => {
  it("knows what is durable, and goes back to it", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, "durable");
    const file = new AppendFile(path, await diskOperations.open(path, 2), 7, diskOperations);
    file.append(Buffer.from(", too"));
    expect(file.durableBytes).toBe(7);
    await new Promise<void>((resolve, reject) => file.sync((error) => (error ? reject(error) : resolve())));
    expect(file.durableBytes).toBe(12);
    const synced = new Promise<unknown>((resolve) => file.sync(resolve));
    file.append(Buffer.from(", not"));
    await synced;
    expect(file.durableBytes).toBe(12);
    file.cutBack();
    file.append(Buffer.from("!"));
    await file.close();
    expect(await readFile(path, "utf8")).toBe("durable, too!");
  });

  it("keeps room behind what counts, and gives it back when it is cut back or closed", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, "");
    const file = new AppendFile(path, await diskOperations.open(path, 2), 0, diskOperations);
    file.keepRoom(10);
    const sizes: number[] = [];
    for (const text of ["abc", "defghijkl", "m", "n"]) {
      file.append(Buffer.from(text));
      sizes.push((await stat(path)).size);
    }
    // The room is made when the file has to grow, behind what made it grow.
    expect(sizes).toEqual([13, 13, 13, 24]);
    expect(await readFile(path, "utf8")).toBe(`abcdefghijklmn${"\0".repeat(10)}`);
    await new Promise<void>((resolve, reject) => file.sync((error) => (error ? reject(error) : resolve())));
    file.append(Buffer.from("o"));
    file.cutBack();
    expect((await stat(path)).size).toBe(14);
    file.append(Buffer.from("p"));
    expect((await stat(path)).size).toBe(25);
    await file.close();
    expect(await readFile(path, "utf8")).toBe("abcdefghijklmnp");
  });

  it("goes on without room where the disk has none to spare", async () => {
    const path = join(await folder(), "file");
    await writeFile(path, "");
    const operations = {
      ...diskOperations,
      writeSync: (fd: number, bytes: Uint8Array, ...rest: [number, number, number]) => {
        if (bytes[0] === 0) throw new Error("ENOSPC");
        return diskOperations.writeSync(fd, bytes, ...rest);
      },
    };
    const file = new AppendFile(path, await diskOperations.open(path, 2), 0, operations);
    file.keepRoom(10);
    for (const text of ["a", "b"]) file.append(Buffer.from(text));
    await file.close();
    expect(await readFile(path, "utf8")).toBe("ab");
  });
});

describe("private folders", () => {
  it("are made, with their parents, for the user alone, and durably", async () => {
    const root = await folder();
    const { calls, operations } = recorded();
    await ensurePrivateFolder(join(root, "a", "b"), operations);
    expect((await stat(join(root, "a"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(root, "a", "b"))).mode & 0o777).toBe(0o700);
    // Each is durable before the next: whoever is killed in between leaves one at most whose name is not.
    expect(calls.filter((call) => /^(mkdir|fsync)/.test(call))).toEqual([
      "mkdir a",
      `fsync ${root.split("/").at(-1)}`,
      "mkdir b",
      "fsync a",
    ]);
    await ensurePrivateFolder(join(root, "a", "b"));
    await syncFolder(root);
  });

  it("are refused with the reason", async () => {
    const root = await folder();
    const path = join(root, "folder");
    await mkdir(path);
    await chmod(path, 0o770);
    await expect(ensurePrivateFolder(path)).rejects.toThrow(`chmod go-w '${path}'`);
    await symlink(path, join(root, "link"));
    await expect(ensurePrivateFolder(join(root, "link"))).rejects.toThrow("symbolic link");
    await writeFile(join(root, "file"), "");
    const file = `${join(root, "file")} is not a folder. Move it away`;
    await expect(ensurePrivateFolder(join(root, "file"))).rejects.toThrow(file);
    await expect(ensurePrivateFolder(join(root, "file", "a", "b"))).rejects.toThrow(file);
    await symlink("nowhere", join(root, "dangling"));
    await expect(ensurePrivateFolder(join(root, "dangling"))).rejects.toThrow("symbolic link");
    const as = (changes: object): DiskOperations => ({
      ...diskOperations,
      lstat: async (name) => Object.assign(await diskOperations.lstat(name), changes),
    });
    await expect(ensurePrivateFolder(root, as({ uid: 12345 }))).rejects.toThrow("belongs to user 12345");
    await expect(ensurePrivateFolder(root, as({ isDirectory: () => false }))).rejects.toThrow("not a folder");
  });
});

describe("a folder that cannot be made", () => {
  it.runIf(process.platform === "linux")("is an error, and not a call that never comes back", async () => {
    await expect(ensurePrivateFolder("/proc/sessiond/data")).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is fine where somebody else made it a moment before", async () => {
    const root = await folder();
    const mkdirTwice: DiskOperations = {
      ...diskOperations,
      mkdir: async (path, options) => {
        await diskOperations.mkdir(path, options);
        await diskOperations.mkdir(path, options);
      },
    };
    await ensurePrivateFolder(join(root, "a", "b"), mkdirTwice);
    expect(await readdir(join(root, "a"))).toEqual(["b"]);
    await expect(ensurePrivateFolder(join(root, "c"), failing("lstat"))).rejects.toThrow("EIO");
    await expect(ensurePrivateFolder(join(root, "c"), failing("mkdir"))).rejects.toThrow("EIO");
  });
});

describe("removing and renaming", () => {
  it("of a file is durable, and fine where there is none", async () => {
    const root = await folder();
    await writeFile(join(root, "file"), "");
    const { calls, operations } = recorded();
    await renameFile(join(root, "file"), join(root, "other"), operations);
    await removeFile(join(root, "other"), operations);
    expect(calls.map((call) => call.split(" ")[0])).toEqual([
      "rename",
      "open",
      "fsync",
      "close",
      "unlink",
      "open",
      "fsync",
      "close",
    ]);
    await removeFile(join(root, "other"));
    await removeFile(join(root, "nowhere", "other"));
    await expect(removeFile(join(root, "other"), failing("unlink"))).rejects.toThrow("EIO");
    expect(await readdir(root)).toEqual([]);
  });

  it("of a tree stays under its root, whatever the name, and follows no link", async () => {
    const root = await folder();
    const outside = await folder();
    await writeFile(join(outside, "precious"), "");
    await mkdir(join(root, "child", "deep"), { recursive: true });
    await symlink(outside, join(root, "child", "deep", "link"));
    await symlink(outside, join(root, "link"));
    for (const name of ["", ".", "..", "a/b", "../child", "/", `${root}/child`, "child/", "a\0b"]) {
      await expect(removeTree(root, name)).rejects.toThrow("Refused");
    }
    await removeTree(root, "child");
    await removeTree(root, "link");
    await removeTree(root, "nothing");
    expect([await readdir(root), await readdir(outside)]).toEqual([[], ["precious"]]);
    await symlink(outside, join(root, "root"));
    await expect(removeTree(join(root, "root"), "precious")).rejects.toThrow("Refused");
    await expect(removeTree(root, "root", failing("rm"))).rejects.toThrow("EIO");
  });

  it("tells errors apart by their code", () => {
    const error = Object.assign(new Error("x"), { code: "EIO" });
    expect([hasCode(error, "EIO"), hasCode(error, "ENOENT", "EIO"), hasCode(error, "ENOENT")]).toEqual([
      true,
      true,
      false,
    ]);
    expect([hasCode(new Error("EIO"), "EIO"), hasCode("EIO", "EIO")]).toEqual([false, false]);
  });

  it("says how much space there is", async () => {
    expect(await diskOperations.freeBytes(await folder())).toBeGreaterThan(0);
  });
});
