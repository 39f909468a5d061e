import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { lineFields, parseRecord } from "../../src/log/logRecord.js";
import { openFilesLimit } from "../../src/log/openFilesLimit.js";
import { endOfLog, readLog, type LogPage, type ReadLogOptions } from "../../src/log/readLog.js";
import type { LogPosition } from "../../src/log/logParts.js";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sessiond-read-log-"));
  mkdirSync(join(dir, "files"));
  mkdirSync(join(dir, "archive"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const source = () => ({ folder: join(dir, "files"), name: "session", archive: join(dir, "archive") });
const line = (msg: string): string =>
  JSON.stringify({ level: "info", time: "2026-01-01T00:00:00.000Z", msg });
const live = (day: number, number: number, ...lines: string[]): void =>
  writeFileSync(
    join(dir, "files", `session.2026-01-0${day}.${number}.log`),
    lines.map((text) => `${text}\n`).join(""),
  );
const archived = (number: number, ...lines: string[]): void =>
  writeFileSync(
    join(dir, "archive", `000${number}.log.gz`),
    gzipSync(lines.map((text) => `${text}\n`).join("")),
  );
const read = (options: Partial<ReadLogOptions> = {}): Promise<LogPage> =>
  readLog(source(), { order: "oldest", limit: 100, scanBytes: 1e6, answerBytes: 1e6, ...options });
const said = ({ records }: LogPage): string[] => records.map(({ message }) => message);

async function all(options: Partial<ReadLogOptions>): Promise<string[]> {
  const found: string[] = [];
  let from: LogPosition | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await read({ ...options, from });
    found.push(...said(page));
    if (page.isAtEnd) return found;
    from = page.position;
  }
  throw new Error("it never came to an end");
}

describe("readLog", () => {
  it("S1.7 reads over all files, archived ones first, in both orders and in pages of any size", async () => {
    archived(1, line("a"), line("b"));
    archived(2, line("c"));
    live(1, 9, line("d"), line("e"));
    live(1, 10, line("f"));
    live(2, 1, line("g"), "", line("h"));
    const letters = "abcdefgh".split("");
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 400 }),
        async (limit, bytes) => {
          for (const bound of [{ scanBytes: bytes }, { answerBytes: bytes }]) {
            expect(await all({ limit, ...bound })).toEqual(letters);
            expect(await all({ limit, ...bound, order: "newest" })).toEqual(letters.toReversed());
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("leaves out what is damaged and counts it, and does not take the line that is being written", async () => {
    live(
      1,
      1,
      line("a"),
      "{half",
      "[]",
      '{"level":"loud","time":"2026-01-01T00:00:00Z"}',
      '{"level":"info","time":"no"}',
    );
    writeFileSync(join(dir, "files", "session.2026-01-01.2.log"), `${line("b")}\n{"cut`);
    writeFileSync(join(dir, "files", "session.2026-01-01.3.log"), `${line("c")}\n${line("being written")}`);
    writeFileSync(join(dir, "archive", "0001.log.gz"), "no gzip");
    for (const order of ["oldest", "newest"] as const) {
      const page = await read({ order });
      expect([said(page).toSorted(), page.damaged]).toEqual([["a", "b", "c"], 6]);
    }
    const end = await endOfLog(source());
    expect((await read({ from: end })).records).toEqual([]);
    live(1, 3, line("c"), line("being written"));
    expect(said(await read({ from: end }))).toEqual(["being written"]);
  });

  it("goes on behind files that are gone, and has nothing where nothing is", async () => {
    live(1, 1, line("a"));
    live(1, 2, line("b"));
    const { position } = await read({ limit: 1 });
    rmSync(join(dir, "files", "session.2026-01-01.1.log"));
    expect(said(await read({ from: position }))).toEqual(["b"]);
    expect(said(await read({ from: position, order: "newest" }))).toEqual([]);
    rmSync(dir, { recursive: true });
    expect(await read()).toEqual({ records: [], damaged: 0, position: undefined, isAtEnd: true });
    expect(await endOfLog(source())).toEqual({ day: 0, number: 0, offset: 0 });
    mkdirSync(dir);
    writeFileSync(join(dir, "files"), "no folder");
    expect((await read()).records).toEqual([]);
  });
});

describe("a record", () => {
  it("tells what has a place of its own from the rest, whatever a client's fields are named", () => {
    const entry = { component: "c", durationMs: 1, err: { message: "e" } };
    const fields = { why: "w", level: "fatal", component: 5, fields: [1] };
    const written = {
      level: "warn",
      time: "2026-01-01T00:00:00.000Z",
      pid: 1,
      ...lineFields(entry, fields),
      msg: "m",
    };
    expect(parseRecord(JSON.stringify(written))).toEqual({
      at: "2026-01-01T00:00:00.000Z",
      level: "warn",
      message: "m",
      ...entry,
      fields,
    });
    expect(lineFields(entry)).toEqual(entry);
    expect(parseRecord('{"level":"info","time":"2026-01-01T00:00:00Z","event":7,"msg":3}')).toBeUndefined();
    expect(parseRecord('{"level":"info","time":"2026-01-01T00:00:00Z","event":7}')?.fields).toEqual({
      event: 7,
    });
  });
});

describe("openFilesLimit", () => {
  it("is what the system says, or the usual one", () => {
    const file = join(dir, "limits");
    const says = (text: string): number => {
      writeFileSync(file, text);
      return openFilesLimit(file);
    };
    expect(says("Max processes 7 7\nMax open files            64                   1024   files\n")).toBe(64);
    expect(says("Max open files   unlimited unlimited files\n")).toBe(Number.POSITIVE_INFINITY);
    expect(says("nothing")).toBe(256);
    expect(openFilesLimit(join(dir, "missing"))).toBe(256);
    expect(openFilesLimit()).toBeGreaterThan(0);
  });
});
