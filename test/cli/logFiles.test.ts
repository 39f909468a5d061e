import { appendFile, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { followLog, lastLines, logFiles } from "../../src/cli/logFiles.js";
import { within } from "../support/until.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-logs-"));
  await mkdir(join(dir, "daemon"));
});
afterEach(() => rm(dir, { recursive: true }));

const path = (day: number, number: number): string =>
  join(dir, "daemon", `sessiond.2026-11-0${day}.${number}.log`);

async function point(file: string): Promise<void> {
  await unlink(join(dir, "sessiond.log")).catch(() => undefined);
  await symlink(file, join(dir, "sessiond.log"));
}

const any = (): boolean => true;

describe("logFiles", () => {
  it("finds the log's own files, oldest first, and nothing else", async () => {
    for (const file of [path(2, 1), path(1, 10), path(1, 9)]) await writeFile(file, "");
    await writeFile(join(dir, "daemon", "other.log"), "");
    const names = (await logFiles(dir)).map((file) => file.split("/").at(-1));
    expect(names).toEqual([
      "sessiond.2026-11-01.9.log",
      "sessiond.2026-11-01.10.log",
      "sessiond.2026-11-02.1.log",
    ]);
  });
});

describe("lastLines", () => {
  it("goes back over files, and stops before a line that is not finished", async () => {
    await writeFile(path(1, 1), "a\nb\n");
    await writeFile(path(2, 1), "c\n{half");
    const files = await logFiles(dir);
    expect(await lastLines(files, 2, any)).toEqual({
      lines: ["b", "c"],
      position: { file: files[1], offsetBytes: 2 },
    });
    expect((await lastLines(files, 10, any)).lines).toEqual(["a", "b", "c"]);
    expect((await lastLines(files, 1, (line) => line === "a")).lines).toEqual(["a"]);
    expect(await lastLines(files, 0, any)).toEqual({
      lines: [],
      position: { file: files[1], offsetBytes: 2 },
    });
  });
});

describe("many lines", () => {
  it("are answered, more than there is room for on the stack", async () => {
    await writeFile(path(1, 1), "older\n");
    await writeFile(path(1, 2), "x\n".repeat(300_000));
    const { lines } = await lastLines(await logFiles(dir), 1_000_000, any);
    expect([lines.length, lines[0], lines[1]]).toEqual([300_001, "older", "x"]);
  });
});

describe("followLog", () => {
  it("goes on from where it was, through files that are rolled, one of them skipped over at once", async () => {
    await writeFile(path(1, 1), "old\nha");
    await point(path(1, 1));
    const [file = ""] = await logFiles(dir);
    const lines = followLog(dir, { file, offsetBytes: 4 });
    const next = async (): Promise<unknown> => (await within("a line", lines.next())).value;

    await appendFile(file, "lf\n");
    expect(await next()).toBe("half");
    await appendFile(file, "last\n");
    await writeFile(path(1, 2), "between\n");
    await writeFile(path(1, 3), "new\n");
    await point(path(1, 3));
    expect([await next(), await next(), await next()]).toEqual(["last", "between", "new"]);
    const waiting = next();
    await appendFile(path(1, 3), "live\n");
    expect(await waiting).toBe("live");
    await lines.return();
  });

  it("goes on with the oldest that is left when its file was removed", async () => {
    await writeFile(path(1, 1), "gone\n");
    await writeFile(path(1, 5), "left\n");
    await point(path(1, 5));
    const [file = ""] = await logFiles(dir);
    await unlink(path(1, 1));
    const lines = followLog(dir, { file, offsetBytes: 0 });
    expect((await within("a line", lines.next())).value).toBe("left");
    await lines.return();
  });

  it("takes long lines, and characters that fall into two reads", async () => {
    const long = `${"x".repeat(65_535)}ä${"y".repeat(100_000)}`;
    await writeFile(path(1, 1), `${long}\n`);
    await point(path(1, 1));
    const [file = ""] = await logFiles(dir);
    const lines = followLog(dir, { file, offsetBytes: 0 });
    expect((await within("a line", lines.next())).value).toBe(long);
    await lines.return();
  });
});
