import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { SearchQuery } from "../../src/search/messages.js";
import { removeIndex, SearchIndex, SearchIndexError } from "../../src/search/searchIndex.js";

const BOOT = "this boot";
const QUERY: SearchQuery = { match: '"lemur"', kinds: ["session"], order: "rank", limit: 10 };

let root: string;
let folder: string;
let file: string;
const open: SearchIndex[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "sessiond-search-"));
  folder = join(root, "search");
  file = join(folder, "index.db");
});
afterEach(async () => {
  for (const index of open.splice(0)) await index.close();
  await rm(root, { recursive: true, force: true });
});

async function openIndex(bootId: string | undefined): Promise<SearchIndex> {
  const index = await SearchIndex.open({ folder, bootId });
  open.push(index);
  return index;
}

async function closeIndex(index: SearchIndex): Promise<void> {
  open.splice(open.indexOf(index), 1);
  await index.close();
}

/** An index with one session in it, closed in order. */
async function makeIndex(text = "lemur"): Promise<void> {
  const index = await openIndex(BOOT);
  const row = { createdSeq: 1, sessionId: "a", userId: undefined, tags: [], hidden: [], createdAt: 1, text };
  await index.ask("describe", [{ ...row, counts: { message: 0, activity: 0 } }]);
  await closeIndex(index);
}

async function found(index: SearchIndex): Promise<number> {
  return (await index.ask("search", QUERY)).length;
}

describe("the thread with the index", () => {
  it("answers, and finds after a reopening what it had", async () => {
    await makeIndex();
    expect(await (await openIndex(BOOT)).ask("search", QUERY)).toMatchObject([
      { sessionId: "a", kind: "session" },
    ]);
  });

  it("trusts a file that was closed, whatever boot it is", async () => {
    await makeIndex();
    expect(await found(await openIndex("the next boot"))).toBe(1);
  });

  it.each<[string, string | undefined, number]>([
    ["its own boot", BOOT, 1],
    ["another boot", "the next boot", 0],
    ["a boot that is not known", undefined, 0],
  ])("trusts one that was not closed in %s: %s, %i", async (_, bootId, count) => {
    await makeIndex();
    const index = await openIndex(BOOT);
    const bytes = await readFile(file);
    await closeIndex(index);
    await writeFile(file, bytes);
    expect(await found(await openIndex(bootId))).toBe(count);
  });

  it.each<[string, number]>([
    [BOOT, 1],
    ["the next boot", 0],
  ])(
    "does not wait for the disk where much was written, and is not trusted after this boot: %s, %i",
    async (bootId, count) => {
      await makeIndex(`lemur ${"x".repeat(9 * 1024 * 1024)}`);
      expect(await found(await openIndex(bootId))).toBe(count);
    },
  );

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ["something else", () => Buffer.from("this is no index")],
    ["empty", () => Buffer.alloc(0)],
    ["cut", (bytes) => bytes.subarray(0, 5_000)],
    ["of another version", (bytes) => (bytes.writeUInt32BE(99, 60), bytes)],
    ["damaged", (bytes) => bytes.fill(0x5a, 100)],
  ])("makes a file anew that is %s", async (_, harm) => {
    await makeIndex();
    await writeFile(file, harm(await readFile(file)));
    const index = await openIndex(BOOT);
    expect(await found(index)).toBe(0);
    expect(await index.ask("strangers", [])).toEqual([]);
  });

  it("says so where a part is damaged that it comes to later", async () => {
    await makeIndex("lemur ".repeat(20_000));
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0x5a, 3 * 4096));
    const index = await openIndex(BOOT);
    await expect(index.ask("search", QUERY)).rejects.toMatchObject({
      name: "SearchIndexError",
      isDamage: true,
    });
  });

  it("is not kept out by the lock of a process that was killed", async () => {
    await makeIndex();
    await mkdir(`${file}.lock`);
    expect(await found(await openIndex(BOOT))).toBe(1);
  });

  it("goes on after a question that it cannot answer", async () => {
    await makeIndex();
    const index = await openIndex(BOOT);
    const failed = index.ask("search", { ...QUERY, match: '"' });
    await expect(failed).rejects.toMatchObject({ isDamage: false });
    expect(await found(index)).toBe(1);
  });

  it("rejects what is asked of one that has ended", async () => {
    const index = await openIndex(BOOT);
    const under = index.ask("strangers", []);
    await closeIndex(index);
    expect(await under).toEqual([]);
    await expect(index.ask("strangers", [])).rejects.toThrow(SearchIndexError);
    await index.close();
  });

  it("cannot be opened where a folder is in the way, and says why", async () => {
    await mkdir(file, { recursive: true });
    await expect(openIndex(BOOT)).rejects.toThrow(/Could not open/);
  });

  it("can be removed with its folder", async () => {
    await makeIndex();
    await removeIndex(folder);
    await expect(readFile(file)).rejects.toMatchObject({ code: "ENOENT" });
  });
});
