import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDaemonLog } from "../../src/log/daemonLog.js";
import type { DaemonLog, DaemonLogOptions } from "../../src/log/daemonLog.js";
import { childFor } from "../../src/log/sessionChild.js";

let dir: string;
let opened: DaemonLog[];
let complaints: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sessiond-log-"));
  opened = [];
  complaints = [];
});
afterEach(async () => {
  for (const log of opened) await log.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: Partial<DaemonLogOptions> = {}): Promise<DaemonLog> {
  const log = await openDaemonLog({
    dir: join(dir, "log"),
    level: "info",
    maxSizeBytes: 1_000_000,
    keepFiles: 3,
    complain: (sentence) => complaints.push(sentence),
    reopenAfterMs: 0,
    ...options,
  });
  opened.push(log);
  return log;
}

const link = () => join(dir, "log", "sessiond.log");
const files = () => readdirSync(join(dir, "log", "daemon"));
const linesOf = (path: string): Record<string, unknown>[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Turns of the event loop until something is so; bounded. */
const until = async (isTrue: () => boolean) => {
  const deadlineMs = performance.now() + 15_000;
  while (!isTrue()) {
    if (performance.now() > deadlineMs) throw new Error("it never became so");
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe("a line", () => {
  it("is JSON with time, level in words, message and fields, and no host", async () => {
    const log = await open();
    log.logger.info({ component: "journal", event: "journal.opened" }, "opened %d segments", 3);
    await log.close();
    expect(linesOf(link())).toEqual([
      {
        level: "info",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        pid: process.pid,
        component: "journal",
        event: "journal.opened",
        msg: "opened 3 segments",
      },
    ]);
  });

  it("holds no secret, in fields, in what a message shows, and in a child's fields", async () => {
    const log = await open();
    log.logger.info(
      { request: { headers: { Authorization: "hunter2" } } },
      "%o and %j",
      { apiKey: "hunter2" },
      [{ password: "hunter2" }],
    );
    log.logger.child({ token: "hunter2", caller: { env: { A: "hunter2" } } }).warn("child");
    await log.close();
    expect(readFileSync(link(), "utf8")).not.toContain("hunter2");
    expect(linesOf(link())).toHaveLength(2);
  });

  it("shows an error by itself, beside a message, and in a child", async () => {
    const log = await open();
    const error = Object.assign(new RangeError("too far"), { code: "EFAR" });
    log.logger.error(error);
    log.logger.error(error, "while %s", "walking");
    log.logger.error({ err: error });
    log.logger.child({ err: error }).error("in a child");
    await log.close();
    const lines = linesOf(link());
    expect(lines.map((line) => line["msg"])).toEqual(["too far", "while walking", "too far", "in a child"]);
    for (const line of lines) expect(line["err"]).toMatchObject({ type: "RangeError", code: "EFAR" });
  });

  it("is left out below the level, which can be changed while it runs", async () => {
    const log = await open({ level: "warn" });
    log.logger.info("quiet");
    log.logger.level = "debug";
    log.logger.debug("loud");
    await log.close();
    expect(linesOf(link()).map((line) => line["msg"])).toEqual(["loud"]);
  });
});

describe("a session's child", () => {
  it("follows the session's own settings", async () => {
    const log = await open({ level: "warn" });
    childFor(log.logger, "s1", { enabled: true, level: "debug" }).debug("more than the daemon says");
    childFor(log.logger, "s2", { enabled: true, level: "error" }).warn("less");
    childFor(log.logger, "s3", { enabled: false, level: "debug" }).error("nothing");
    await log.close();
    expect(linesOf(link()).map((line) => [line["sessionId"], line["msg"]])).toEqual([
      ["s1", "more than the daemon says"],
    ]);
  });
});

describe("the files", () => {
  it("belong to the user alone", async () => {
    const log = await open();
    log.logger.info("x");
    await log.close();
    expect(statSync(log.file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "log")).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "log", "daemon")).mode & 0o777).toBe(0o700);
  });

  it("are rolled by size and kept by count, and the relative link follows", async () => {
    const log = await open({ maxSizeBytes: 2_000, keepFiles: 2 });
    const first = log.file();
    let index = 0;
    await until(() => {
      log.logger.info({ index: ++index }, "a line in a flood of them");
      return log.file().endsWith(".5.log");
    });
    await log.close();
    expect(files()).toHaveLength(2);
    expect(log.file()).not.toBe(first);
    expect(existsSync(first)).toBe(false);
    expect(readlinkSync(link())).toMatch(/^daemon\/sessiond\.\d{4}-\d\d-\d\d\.\d+\.log$/);
    expect(linesOf(link()).at(-1)?.["index"]).toBe(index);
    const [older] = files().filter((file) => !log.file().endsWith(file));
    // One write is 16 KiB at most, and a file is rolled after the write that filled it.
    expect(statSync(join(dir, "log", "daemon", older ?? "")).size).toBeLessThan(2_000 + 16_384);
  });

  it("are gone on with after a restart, and cleaned up without a roll", async () => {
    mkdirSync(join(dir, "log", "daemon"), { recursive: true, mode: 0o700 });
    for (const day of ["01", "02", "03"])
      writeFileSync(join(dir, "log", "daemon", `sessiond.2020-01-${day}.1.log`), "");
    const before = await open();
    before.logger.info("before");
    await before.close();
    const after = await open();
    after.logger.info("after");
    await after.close();
    expect(after.file()).toBe(before.file());
    expect(linesOf(link()).map((line) => line["msg"])).toEqual(["before", "after"]);
    expect(files().filter((name) => name.startsWith("sessiond.2020"))).toEqual([
      "sessiond.2020-01-02.1.log",
      "sessiond.2020-01-03.1.log",
    ]);
  });
});

describe("a log that cannot be written", () => {
  it("is opened all the same, says why once, and recovers", async () => {
    writeFileSync(join(dir, "log"), "in the way");
    const log = await open();
    log.logger.info("lost");
    log.logger.error("lost");
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toContain(link());
    rmSync(join(dir, "log"));
    await until(() => {
      log.logger.info("until it works");
      return existsSync(link());
    });
    await log.close();
    const [first] = linesOf(link());
    expect(first).toMatchObject({ level: "warn", event: "log.lost", pid: process.pid });
    expect(first?.["lines"]).toBeGreaterThanOrEqual(2);
  });

  it("goes on when its folder is removed underneath it", async () => {
    const log = await open({ maxSizeBytes: 1_500 });
    log.logger.info("before");
    await until(() => linesOf(link()).length === 1);
    rmSync(join(dir, "log"), { recursive: true });
    await until(() => {
      log.logger.info({ padding: "x".repeat(500) }, "after");
      return existsSync(link());
    });
    await log.close();
    expect(complaints).toHaveLength(1);
    expect(linesOf(link()).length).toBeGreaterThan(0);
  });

  it.runIf(existsSync("/dev/full"))("survives a full disk", async () => {
    const now = new Date();
    const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) =>
      String(part).padStart(2, "0"),
    );
    mkdirSync(join(dir, "log", "daemon"), { recursive: true, mode: 0o700 });
    symlinkSync("/dev/full", join(dir, "log", "daemon", `sessiond.${day.join("-")}.1.log`));
    const log = await open();
    log.logger.info("x");
    await until(() => complaints.length > 0);
    log.logger.info("y");
    await log.close();
    expect(complaints).toEqual([expect.stringContaining("ENOSPC")]);
  });

  it("leaves a file alone that lies where the link belongs", async () => {
    mkdirSync(join(dir, "log"), { mode: 0o700 });
    writeFileSync(link(), "precious");
    const log = await open();
    log.logger.info("x");
    await log.close();
    expect(lstatSync(link()).isFile()).toBe(true);
    expect(linesOf(log.file())).toHaveLength(1);
    expect(complaints).toEqual([expect.stringContaining("is not a symbolic link")]);
  });

  it("takes lines after it was closed and drops them", async () => {
    const log = await open();
    await log.close();
    log.logger.info("late");
    expect(readFileSync(log.file(), "utf8")).toBe("");
  });
});

describe("a terminal", () => {
  class Terminal extends Writable {
    text = "";
    isStuck = false;
    override _write(chunk: Buffer, _encoding: string, done: () => void): void {
      this.text += chunk.toString();
      if (!this.isStuck) done();
    }
  }

  it("gets pretty lines, with color where it is wanted", async () => {
    const plain = new Terminal();
    const colored = new Terminal();
    (await open({ terminal: plain })).logger.info({ component: "journal" }, "opened");
    (await open({ terminal: colored, terminalColor: true })).logger.info("opened");
    expect(plain.text).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: opened \{"component":"journal"\}\n$/);
    // oxlint-disable-next-line eslint/no-control-regex -- colours are control characters
    expect(colored.text).toMatch(/\u001B\[\d+mINFO/);
  });

  it("that is gone, or does not read, costs nothing but its lines", async () => {
    const gone = new Terminal();
    const log = await open({ terminal: gone });
    gone.destroy(new Error("EPIPE"));
    await new Promise((resolve) => gone.once("close", resolve));
    log.logger.info("x");
    expect(gone.text).toBe("");

    const stuck = new Terminal();
    stuck.isStuck = true;
    const other = await open({ terminal: stuck });
    for (let index = 0; index < 300; index++) other.logger.info("x".repeat(10_000));
    expect(stuck.writableLength).toBeLessThan(1_100_000);
  });
});
