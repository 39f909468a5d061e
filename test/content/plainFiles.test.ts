import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { beforeEach, describe, expect, it } from "vitest";

import { ExpandedCopies } from "../../src/content/expandedCopies.js";
import { PlainFiles } from "../../src/content/plainFiles.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const newFolder = temporaryFolders();
let root: string;
let temp: string;
beforeEach(async () => {
  root = await newFolder();
  temp = join(root, "temp");
});

const at = (name: string): string => join(root, name);
const text = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "missing");
const compressed = (name: string, content: string): Promise<void> =>
  writeFile(at(`${name}.gz`), gzipSync(content));
const copies = async (): Promise<string[]> => readdir(temp).catch(() => []);

/** Has a copy read, as long as it is held. */
async function use<T>(
  kept: ExpandedCopies,
  path: string,
  work: (copyPath: string) => Promise<T>,
): Promise<T> {
  const held = await kept.take(path);
  try {
    return await work(held.path);
  } finally {
    await held.release();
  }
}

/** Something that can be waited for, and let go. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

describe("reading", () => {
  it("S0.10 gives a file as it was, plain or compressed, and the plain one where both are there", async () => {
    const files = new PlainFiles(new ExpandedCopies(temp));
    await writeFile(at("plain"), "plain");
    await compressed("small", "was compressed");
    await compressed("both", "old");
    await writeFile(at("both"), "new");
    expect(await files.read(at("plain"), text)).toBe("plain");
    expect(await files.read(at("both"), text)).toBe("new");
    expect(await copies()).toEqual([]);
    expect(await files.read(at("small"), text)).toBe("was compressed");
    expect(await files.read(at("neither"), text)).toBe("missing");
    expect((await stat(join(temp, "1"))).mode & 0o777).toBe(0o600);
  });

  it("looks at the plain file alone where there is no place for copies", async () => {
    await compressed("small", "x");
    expect(await new PlainFiles().read(at("small"), text)).toBe("missing");
  });

  it("makes a copy once, also for several at a time, and another of what was made anew", async () => {
    const kept = new ExpandedCopies(temp);
    await compressed("a", "first");
    expect(await Promise.all([use(kept, at("a"), text), use(kept, at("a"), text)])).toEqual([
      "first",
      "first",
    ]);
    expect(await use(kept, at("a"), text)).toBe("first");
    expect(await copies()).toEqual(["1"]);
    await compressed("a", "second, which is longer");
    expect(await use(kept, at("a"), text)).toBe("second, which is longer");
  });

  it("keeps the copies that were used last, and those that somebody reads", async () => {
    const kept = new ExpandedCopies(temp, 250);
    for (const name of ["a", "b", "c"]) await compressed(name, name.repeat(100));
    const [begun, reading] = [gate(), gate()];
    const held = use(kept, at("a"), async (path) => {
      begun.open();
      await reading.passed;
      return (await text(path)).length;
    });
    await begun.passed;
    await use(kept, at("b"), text);
    await use(kept, at("c"), text);
    // The first one is in use, so the second had to go.
    expect([await copies(), kept.sizeBytes]).toEqual([["1", "3"], 200]);
    reading.open();
    expect(await held).toBe(100);
    await compressed("large", "x".repeat(1_000));
    expect(await use(kept, at("large"), text)).toHaveLength(1_000);
    expect([await copies(), kept.sizeBytes]).toEqual([[], 0]);
  });

  it("tells of damage each time, and leaves nothing of it", async () => {
    const kept = new ExpandedCopies(temp);
    await writeFile(at("a.gz"), "no gzip");
    for (let count = 0; count < 2; count += 1)
      await expect(use(kept, at("a"), text)).rejects.toThrow(`${at("a.gz")} is damaged`);
    expect(await copies()).toEqual([]);
    await compressed("a", "mended");
    expect(await use(kept, at("a"), text)).toBe("mended");
    await writeFile(at("folder"), "");
    await expect(use(kept, join(at("folder"), "x"), text)).resolves.toBe("missing");
  });
});

describe("reading piece by piece", () => {
  it("holds the file until the end, also one that comes early", async () => {
    const files = new PlainFiles(new ExpandedCopies(temp));
    await compressed("a", "abc");
    const letters = (): AsyncGenerator<string> =>
      files.readAll(at("a"), async function* (path) {
        for (const letter of await text(path)) yield letter;
      });
    const all: string[] = [];
    for await (const letter of letters()) all.push(letter);
    expect(all).toEqual(["a", "b", "c"]);
    for await (const letter of letters()) {
      expect(letter).toBe("a");
      break;
    }
    await files.removeOne(at("a"), () => Promise.resolve(false));
    expect(await files.read(at("a"), text)).toBe("missing");
    await writeFile(at("a.gz"), "no gzip");
    await expect(letters().next()).rejects.toThrow("is damaged");
    await files.removeOne(at("a"), () => Promise.resolve(false));
  });
});

describe("removing", () => {
  it("waits until nobody uses the file, and whoever comes meanwhile gets what is left", async () => {
    const files = new PlainFiles(new ExpandedCopies(temp));
    await writeFile(at("a"), "plain");
    await compressed("a", "compressed");
    const [reading, deciding] = [gate(), gate()];
    const first = files.read(at("a"), async (path) => {
      await reading.passed;
      return text(path);
    });
    let isAsked = false;
    const removal = files.removeOne(at("a"), async () => {
      isAsked = true;
      await deciding.passed;
      return true;
    });
    // Another file has nothing to do with it.
    expect(await files.read(at("b"), text)).toBe("missing");
    expect(isAsked).toBe(false);
    reading.open();
    expect(await first).toBe("plain");
    const second = files.read(at("a"), text);
    deciding.open();
    await removal;
    expect(await second).toBe("compressed");
    expect((await readdir(root)).sort()).toEqual(["a.gz", "temp"]);
  });

  it("takes the compressed form where the plain one is to stay, and nothing where it cannot tell", async () => {
    const files = new PlainFiles();
    await mkdir(at("folder"));
    await writeFile(at("a"), "plain");
    await compressed("a", "compressed");
    await expect(files.removeOne(at("a"), () => Promise.reject(new Error("no answer")))).rejects.toThrow(
      "no answer",
    );
    expect((await readdir(root)).sort()).toEqual(["a", "a.gz", "folder"]);
    await files.removeOne(at("a"), () => Promise.resolve(false));
    expect((await readdir(root)).sort()).toEqual(["a", "folder"]);
    // A failure holds up nobody.
    await expect(files.use(at("a"), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await files.read(at("a"), text)).toBe("plain");
  });
});
