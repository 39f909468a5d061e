import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { History } from "../../src/sampling/history.js";
import { HistoryFiles } from "../../src/sampling/historyFile.js";
import { temporaryFolders } from "../disk/temporaryFolder.js";

const temporaryFolder = temporaryFolders();

async function files(): Promise<{ folder: string; kept: HistoryFiles }> {
  const folder = join(await temporaryFolder(), "metrics");
  return { folder, kept: new HistoryFiles(folder) };
}

function history(): History {
  const made = new History();
  for (let at = 0; at < 200_000; at += 5_000) made.add({ at, cpuPercent: 1, memoryBytes: 2, processes: 3 });
  return made;
}

describe("files with what was measured", () => {
  it("come back as they were, private, without a rest of their writing", async () => {
    const { folder, kept } = await files();
    expect(await kept.read("a~1")).toBeUndefined();
    await kept.write("a~1", { history: history(), tally: { errors: 2 } });
    const found = await kept.read("a~1");
    expect(found?.tally).toEqual({ errors: 2 });
    expect(found?.history.between(0, Infinity)).toEqual(history().between(0, Infinity));
    expect(await readdir(folder)).toEqual(["a~1.json"]);
    expect((await stat(join(folder, "a~1.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("are nothing where any byte of them is not as it was written, or they are of something else", async () => {
    const { folder, kept } = await files();
    await kept.write("a~1", { history: history(), tally: {} });
    const path = join(folder, "a~1.json");
    const bytes = await readFile(path);
    for (const at of [0, 9, 30, bytes.length >> 1, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(path, damaged);
      expect(await kept.read("a~1")).toBeUndefined();
    }
    await writeFile(path, "");
    expect(await kept.read("a~1")).toBeUndefined();
    await writeFile(join(folder, "b~2.json"), bytes);
    expect(await kept.read("b~2")).toBeUndefined();
    await symlink(join(folder, "b~2.json"), join(folder, "c~3.json"));
    expect(await kept.read("c~3")).toBeUndefined();
  });

  it("go one by one, or with all that nobody keeps; what is not there is fine", async () => {
    const { folder, kept } = await files();
    await kept.remove("a~1");
    await kept.sweep(() => false);
    for (const name of ["a~1", "b~2", "c~3"]) await kept.write(name, { history: history(), tally: {} });
    await writeFile(join(folder, "a~1.json.0123456789ab.tmp"), "half");
    await kept.writeText("session_stats.txt", "for people");
    await kept.remove("a~1");
    await kept.sweep((name) => name === "c~3");
    expect((await readdir(folder)).toSorted()).toEqual(["c~3.json", "session_stats.txt"]);
  });

  it("are not written into a folder that is none of ours", async () => {
    const { folder, kept } = await files();
    const other = `${folder}-other`;
    await mkdir(other);
    await symlink(other, folder);
    await expect(kept.write("a~1", { history: history(), tally: {} })).rejects.toThrow("symbolic link");
    expect(await readdir(other)).toEqual([]);
  });
});
