import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";

import type { SessionLogs } from "../../src/log/sessionLogs.js";
import type { LogOwner } from "../../src/log/sessionLogPlaces.js";
import { type LogsFolder, logsFolderForTest } from "../support/sessionLogs.js";
import { until } from "../support/until.js";

let dir: LogsFolder["dir"];
let complaints: LogsFolder["complaints"];
let open: LogsFolder["open"];
beforeEach(() => {
  ({ dir, complaints, open } = logsFolderForTest());
});

const a: LogOwner = { sessionId: "a", createdSeq: 1 };
const say = (logs: SessionLogs, owner: LogOwner, message: string, fields: object = {}): void =>
  logs.write(owner, { level: "info", message, fields });
const linkOf = ({ sessionId }: LogOwner): string => join(dir, `session_${sessionId}.log`);
const read = (path: string): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const said = (path: string): unknown[] => read(path).map(({ msg }) => msg);

describe("a line", () => {
  it("S0.7 says when, how important and of which session, and no secret at any depth", async () => {
    const logs = open();
    logs.write(a, {
      level: "warn",
      message: "100 % of it",
      atMs: 0,
      fields: { component: "c", deep: [{ secret: "hunter2" }], err: new Error("e") },
    });
    await logs.settled(a);
    expect(read(linkOf(a))).toEqual([
      {
        level: "warn",
        time: "1970-01-01T00:00:00.000Z",
        sessionId: "a",
        component: "c",
        deep: [{ secret: "[redacted]" }],
        err: expect.objectContaining({ type: "Error", message: "e" }),
        msg: "100 % of it",
      },
    ]);
  });

  it("S0.13 that cannot be made costs itself alone", async () => {
    const logs = open();
    logs.write(a, { level: "info", message: "x", atMs: Number.NaN, fields: {} });
    say(logs, a, "y");
    await logs.settled(a);
    expect(said(linkOf(a))).toEqual(["y"]);
    expect(complaints).toHaveLength(1);
  });
});

describe("logs", () => {
  it("S1.7 are open few at a time, the ones used last, and lose no line by that", async () => {
    const logs = open({ maxOpen: 2 });
    const owners = Array.from({ length: 10 }, (_, seq) => ({ sessionId: `s${seq}`, createdSeq: seq }));
    for (let round = 0; round < 3; round++) {
      for (const owner of owners) {
        say(logs, owner, `${round}`);
        expect(logs.openCount).toBeLessThanOrEqual(2);
      }
      for (const owner of owners) await logs.settled(owner);
    }
    expect(logs.openCount).toBe(2);
    await logs.close();
    for (const owner of owners) expect(said(linkOf(owner))).toEqual(["0", "1", "2"]);
    expect(complaints).toEqual([]);
  });

  it("S1.7 are closed when they are idle, and opened again", async () => {
    const logs = open({ idleMs: 0, lookEveryMs: 5 });
    say(logs, a, "one");
    await logs.settled(a);
    await until("it to be closed", () => logs.openCount === 0);
    say(logs, a, "two");
    await logs.settled(a);
    expect(said(linkOf(a))).toEqual(["one", "two"]);
  });

  it("keep apart what differs by case alone, and what has an id again, also where both have one name", async () => {
    const logs = open();
    const upper = { sessionId: "A", createdSeq: 2 };
    // What a file system that takes `A` and `a` for the same would show.
    mkdirSync(join(dir, "sessions"));
    symlinkSync("sessions/a~1/session.2026-01-01.1.log", linkOf(upper));
    say(logs, upper, "upper");
    const later = { sessionId: "a", createdSeq: 3 };
    say(logs, a, "first");
    await logs.settled(a);
    say(logs, later, "again");
    await logs.settled(later);
    await logs.settled(upper);
    expect(said(join(dir, "session_A~2.log"))).toEqual(["upper"]);
    expect(readlinkSync(linkOf(upper))).toContain("a~1");
    expect(said(linkOf(a))).toEqual(["again"]);
    await logs.remove(a);
    expect(said(linkOf(later))).toEqual(["again"]);
    expect(readdirSync(join(dir, "sessions")).sort()).toEqual(["A~2", "a~3"]);
  });

  it("go to the archive file by file, more than once, and whole away", async () => {
    const logs = open({ maxSizeBytes: 200, keepFiles: 9 });
    for (let number = 0; number < 5; number++) {
      say(logs, a, `line ${number}`, { pad: "x".repeat(100) });
      await logs.settled(a);
    }
    await logs.archive(a);
    expect(existsSync(linkOf(a))).toBe(false);
    expect(readdirSync(join(dir, "sessions"))).toEqual([]);
    say(logs, a, "after");
    await logs.archive(a);
    await logs.archive(a);
    const archive = join(dir, "archive", "a~1");
    const lines = readdirSync(archive)
      .sort()
      .flatMap((file) =>
        gunzipSync(readFileSync(join(archive, file)))
          .toString()
          .split("\n"),
      )
      .filter((line) => line !== "")
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(lines).toEqual(["line 0", "line 1", "line 2", "line 3", "line 4", "after"]);
    await logs.remove(a);
    expect(readdirSync(join(dir, "archive"))).toEqual([]);
    await logs.remove(a);
    expect(complaints).toEqual([]);
  });

  it("are archived by the next start where a crash came between", async () => {
    const logs = open();
    const b = { sessionId: "b", createdSeq: 2 };
    await logs.archiveLeft([a, b]);
    say(logs, a, "of a");
    say(logs, b, "of b");
    await logs.close();
    symlinkSync("sessions/a~1/none", join(dir, ".session_a.log.0123456789ab.tmp"));
    await open().archiveLeft([a, { sessionId: "never written", createdSeq: 9 }]);
    expect(readdirSync(dir).toSorted()).toEqual(["archive", "session_b.log", "sessions"]);
    expect(readdirSync(join(dir, "archive"))).toEqual(["a~1"]);
    expect(readdirSync(join(dir, "sessions"))).toEqual(["b~2"]);
  });

  it("that wait when their session is deleted are never written", async () => {
    const logs = open();
    say(logs, a, "gone");
    const removed = logs.remove(a);
    await removed;
    await logs.settled(a);
    expect(existsSync(join(dir, "sessions"))).toBe(false);
  });

  it("write what waits when they are closed, and nothing afterwards", async () => {
    const logs = open();
    say(logs, a, "last");
    await logs.close();
    say(logs, a, "too late");
    expect(logs.isClosed).toBe(true);
    expect(said(linkOf(a))).toEqual(["last"]);
  });
});

describe("trouble", () => {
  it("S0.13 S1.7 is told once for all logs, and again only after it was over", async () => {
    const logs = open();
    writeFileSync(join(dir, "sessions"), "in the way");
    const owners = [1, 2, 3].map((seq) => ({ sessionId: `s${seq}`, createdSeq: seq }));
    for (const owner of owners) {
      say(logs, owner, "lost");
      await logs.settled(owner);
      await logs.archive(owner);
      await logs.remove(owner);
    }
    expect(complaints).toHaveLength(1);
    rmSync(join(dir, "sessions"));
    say(logs, a, "works");
    await logs.settled(a);
    expect(said(linkOf(a))).toContain("works");
    await logs.archive(a);
    rmSync(join(dir, "sessions"), { recursive: true });
    writeFileSync(join(dir, "sessions"), "in the way");
    say(logs, a, "lost");
    await logs.settled(a);
    expect(complaints).toHaveLength(2);
  });

  it("S1.7 a folder that is taken away is begun anew", async () => {
    const logs = open({ lookEveryMs: 5 });
    say(logs, a, "before");
    await logs.settled(a);
    rmSync(join(dir, "sessions"), { recursive: true });
    await until("it to be seen", () => complaints.length > 0);
    expect(complaints[0]).toContain("was taken away");
    say(logs, a, "after");
    await logs.settled(a);
    expect(said(linkOf(a))).toEqual(["after"]);
  });

  it("S1.7 lines beyond what is held are dropped, counted, and told in the log", async () => {
    const logs = open();
    // All in one turn: nothing can be opened meanwhile.
    for (let number = 0; number < 600; number++) say(logs, a, "x".repeat(16_000));
    await logs.settled(a);
    await logs.close();
    expect(complaints).toEqual(["more lines wait than are held; the latest are dropped"]);
    const last = read(linkOf(a)).find(({ event }) => event === "log.lost");
    expect(last).toMatchObject({ level: "warn", lines: expect.any(Number) });
  });

  it("S1.7 a full disk loses lines and nothing else", async () => {
    if (process.platform !== "linux" || !existsSync("/dev/full")) return;
    const logs = open();
    mkdirSync(join(dir, "sessions", "a~1"), { recursive: true, mode: 0o700 });
    const day = new Date().toLocaleDateString("sv-SE");
    execFileSync("ln", ["-s", "/dev/full", join(dir, "sessions", "a~1", `session.${day}.1.log`)]);
    say(logs, a, "lost");
    await logs.settled(a);
    await until("the complaint", () => complaints.length > 0);
    expect(complaints[0]).toContain("ENOSPC");
    const other = { sessionId: "b", createdSeq: 2 };
    say(logs, other, "goes on");
    await logs.settled(other);
    expect(said(linkOf(other))).toEqual(["goes on"]);
    await logs.remove(a);
  });
});
