import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { CommandShape, Result } from "../../../client/index.js";
import { ownProgram } from "../../../client/ownPackage.js";
import { LimitWatch } from "../../../src/process/resources/limitWatch.js";
import { until, within } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

const newest = async (): Promise<Result<"session/list">["items"][number] | undefined> =>
  (await shell.json<Result<"session/list">>("list", "--limit", "1")).items[0];

describe("run", () => {
  it("passes both streams on and ends with the command's code", async () => {
    const ran = await shell.run("run", "--", "sh", "-c", "echo out; echo err >&2; exit 3");
    expect(ran).toMatchObject({ exitCode: 3, out: "out\n", err: "err\n" });
    expect(await newest()).toMatchObject({
      name: "sh",
      status: "failed",
      endReason: expect.stringContaining("exit code 3"),
    });
  });

  it.skipIf(!LimitWatch.isPossible)("B.6 ends a command that takes more memory than it may", async () => {
    const eat = "const eaten = Buffer.alloc(300e6, 1); setInterval(() => eaten, 1000)";
    const argv = ["--memory", "100M", "--processes", "500", "--", process.execPath, "-e", eat];
    expect((await shell.run("run", ...argv)).exitCode).toBeGreaterThan(128);
    expect(await newest()).toMatchObject({ endReason: expect.stringContaining("took more memory") });
    const asked = await shell.run("run", "--json", "--cpu", "200", "--", "true");
    expect((JSON.parse(asked.out) as CommandShape).limits).toMatchObject({ cpuPercent: 200 });
  });

  it("is true to every byte, at some size", async () => {
    const file = join(shell.folder, "bytes");
    await writeFile(file, randomBytes(1_500_000));
    const { exitCode, outBytes } = await shell.run("run", "--", "cat", file);
    expect(exitCode).toBe(0);
    expect(outBytes.equals(await readFile(file))).toBe(true);
  });

  it("shows output while the command still runs", async () => {
    const running = shell.start([
      "run",
      "--",
      "sh",
      "-c",
      "echo first; until [ -e gate ]; do sleep 0.05; done; echo second",
    ]);
    await until("the first line", () => running.soFar() === "first\n");
    await writeFile(join(shell.folder, "gate"), "");
    expect(await running.ended).toMatchObject({ exitCode: 0, out: "first\nsecond\n" });
  });

  it("hands over the folder, the environment, and options that look like its own", async () => {
    const { out } = await shell.runWith(
      { env: { COLOUR: "blue" } },
      "run",
      "sh",
      "-c",
      'echo "$PWD $COLOUR $1"',
      "--",
      "--json",
    );
    expect(out).toBe(`${shell.folder} blue --json\n`);
    expect((await shell.run("run", "--cwd", "home", "--", "pwd")).out).toBe(
      `${join(shell.folder, "home")}\n`,
    );
  });

  it("tries again, and stops what takes too long", async () => {
    const script = 'echo "try $SESSIOND_ATTEMPT"; test "$SESSIOND_ATTEMPT" -ge 2';
    const again = await shell.run("run", "--retries", "1", "--", "sh", "-c", script);
    expect(again).toMatchObject({ exitCode: 0, out: "try 1\ntry 2\n", err: "" });
    expect((await shell.run("run", "--timeout", "100ms", "--", "sleep", "30")).exitCode).toBe(124);
  });

  it("says like a shell that there is no such program, or which signal it was", async () => {
    const missing = await shell.run("run", "--", "no-such-program");
    expect(missing.exitCode).toBe(127);
    expect(missing.err).toContain('sessiond: cannot start "no-such-program"');
    expect((await shell.run("run", "--", "sh", "-c", "kill -9 $$")).exitCode).toBe(137);
  });

  it("names its session, and uses one that is there without ending it", async () => {
    await shell.run("run", "--name", "mine", "--", "true");
    expect(await newest()).toMatchObject({ name: "mine", status: "completed" });
    await shell.run("call", "session/create", '{"sessionId":"open-1"}');
    expect((await shell.run("run", "--session", "open", "--", "echo", "hi")).out).toBe("hi\n");
    const { items } = await shell.json<Result<"session/list">>("list", "--status", "active");
    expect(items).toMatchObject([{ sessionId: "open-1", commands: { total: 1 } }]);
  });

  it("is refused by a session that has ended, also where its id could be a name", async () => {
    await shell.run("call", "session/create", '{"sessionId":"build"}');
    await shell.run("end", "build");
    const { exitCode, out, err } = await shell.run("run", "--session", "build", "--", "echo", "hi");
    expect({ exitCode, out }).toEqual({ exitCode: 1, out: "" });
    expect(err).toContain("build");
    const ran = await shell.runWith({}, "--json", "run", "--session", "build", "--", "true");
    expect(ran.err).toContain('"type":"session_not_active"');
    const { items } = await shell.json<Result<"session/list">>("list", "--all");
    expect(items.filter(({ name }) => name === "build")).toEqual([]);
  });

  it("prints the command and nothing else with --json", async () => {
    const { exitCode, out } = await shell.run("run", "--json", "--", "sh", "-c", "echo hi; exit 4");
    expect(exitCode).toBe(4);
    expect(JSON.parse(out) as CommandShape).toMatchObject({ status: "failed", exitCode: 4, stdoutBytes: 3 });
  });

  it("passes standard input on, whatever its size, and its end", async () => {
    expect((await shell.runWith({ stdin: "one\ntwo\n" }, "run", "--", "tac")).out).toBe("two\none\n");
    const stdin = "0123456789abcde\n".repeat(60_000);
    const counted = await shell.runWith({ stdin }, "run", "--", "wc", "-c");
    expect(counted.out.trim()).toBe(String(stdin.length));
    // One that has had enough ends as it likes, and nobody waits for the rest of the input.
    const running = shell.start(["run", "--", "head", "-c", "3"]);
    running.child.stdin?.on("error", () => undefined);
    running.child.stdin?.write("abcdef");
    expect(await running.ended).toMatchObject({ exitCode: 0, out: "abc" });
    const again = await shell.runWith({ stdin: "x" }, "run", "--retries", "1", "--", "sh", "-c", "wc -c");
    expect(again.out.trim()).toBe("0");
  });

  it("keeps the order of both outputs where they end in one place", async () => {
    const script = "for n in 1 2 3 4 5 6 7 8; do echo out $n; echo err $n >&2; done";
    const call = `"$0" "$1" run -- sh -c '${script}' 2>&1`;
    const child = spawn("sh", ["-c", call, process.execPath, ownProgram()], {
      cwd: shell.folder,
      env: shell.env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => [`out ${n}\n`, `err ${n}\n`]);
    expect(await within("both outputs", text(child.stdout))).toBe(lines.join(""));
  });

  it("passes Ctrl-C on, and kills with the second", async () => {
    const trap = (script: string): string[] => {
      const stays = `trap '${script}' INT TERM; echo on; while :; do sleep 0.1; done`;
      return ["run", "--", "sh", "-c", stays];
    };
    const polite = shell.start(trap("echo bye; exit 7"));
    await until("the command", () => polite.soFar() === "on\n");
    polite.child.kill("SIGINT");
    expect(await polite.ended).toMatchObject({ exitCode: 7, out: "on\nbye\n" });
    const stubborn = shell.start(trap("echo no"));
    await until("the command", () => stubborn.soFar() === "on\n");
    stubborn.child.kill("SIGTERM");
    await until("its answer", () => stubborn.soFar() === "on\nno\n");
    stubborn.child.kill("SIGINT");
    expect((await stubborn.ended).exitCode).toBe(137);
  });

  it("ends the command when nobody reads its output any more", async () => {
    const running = shell.start(["run", "--", "yes"]);
    await until("some output", () => running.soFar().length > 10);
    running.child.stdout?.destroy();
    expect((await running.ended).exitCode).toBe(141);
    expect(await newest()).toMatchObject({ name: "yes", status: "failed", commands: { running: 0 } });
  });
});
