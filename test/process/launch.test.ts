import { chmod, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { isSame } from "../../src/process/identity.js";
import { type ExitOutcome, LaunchError, type LaunchErrorCode } from "../../src/process/launch.js";
import { explainFailedStart, explainOutput } from "../../src/process/launchError.js";
import * as proc from "../../src/process/proc.js";
import { TOKEN_NAME, until, Workbench } from "./workbench.js";

// Lets a test put a failing function in place of a real one.
vi.mock("../../src/process/proc.js", { spy: true });

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench.close());

describe("launch", () => {
  it("hands over argv as it is, with no shell between", async () => {
    const args = ["two words", "line\nbreak", "(paren) )", "$HOME `id` ; *", "", "ünïcode", "--flag"];
    const started = await bench.start(["printf", "%s\\0", ...args]);
    expect(await started.exited).toEqual({ exitCode: 0, signal: null });
    expect(await started.stdout()).toBe(args.map((arg) => `${arg}\0`).join(""));
  });

  it("gives exactly the environment and the working directory", async () => {
    const env = { A: "1", [TOKEN_NAME]: bench.token, MULTI: "a\nb" };
    const started = await bench.start(["env", "-0"], { env });
    await started.exited;
    expect(await started.stdout()).toBe(`A=1\0${TOKEN_NAME}=${bench.token}\0MULTI=a\nb\0`);
    const inFolder = await bench.start(["pwd"]);
    await inFolder.exited;
    expect((await inFolder.stdout()).trim()).toBe(bench.folder);
  });

  it("makes the process the leader of a group and a session of its own", async () => {
    const started = await bench.start(["cat", "/proc/self/stat"]);
    await started.exited;
    const fields = (await started.stdout()).split(" ");
    expect([fields[4], fields[5]]).toEqual([String(started.pid), String(started.pid)]);
  });

  it("keeps stdout and stderr apart, in files of mode 0600 that are appended to", async () => {
    const stdoutPath = join(bench.folder, "shared.out");
    for (const word of ["first", "second"]) {
      await (
        await bench.start(["sh", "-c", `echo ${word}; echo oops >&2`], { stdoutPath })
      ).exited;
    }
    expect(await readFile(stdoutPath, "utf8")).toBe("first\nsecond\n");
    expect(await readFile(join(bench.folder, "2.err"), "utf8")).toBe("oops\n");
    expect((await stat(stdoutPath)).mode & 0o777).toBe(0o600);
  });

  it("takes one file for both", async () => {
    const both = join(bench.folder, "both");
    const started = await bench.start(["sh", "-c", "echo out; echo err >&2; echo out"], {
      stdoutPath: both,
      stderrPath: both,
    });
    await started.exited;
    expect(await started.stdout()).toBe("out\nerr\nout\n");
  });

  it("reports exit codes and signals", async () => {
    expect(await (await bench.sh("exit 7")).exited).toEqual({ exitCode: 7, signal: null });
    expect(await (await bench.sh("kill -KILL $$")).exited).toEqual({ exitCode: null, signal: "SIGKILL" });
    expect(await (await bench.sh("exit 137")).exited).toEqual({ exitCode: 137, signal: null });
  });

  it("calls onExit once, and never before launch has resolved", async () => {
    const order: string[] = [];
    const outcomes: ExitOutcome[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const name = String(index);
        await bench.start(["true"], {
          onExit: (outcome) => {
            order.push(`exit ${name}`);
            outcomes.push(outcome);
          },
        });
        order.push(`launched ${name}`);
      }),
    );
    await until(() => outcomes.length === 20);
    for (let index = 0; index < 20; index += 1) {
      expect(order.indexOf(`launched ${index}`)).toBeLessThan(order.indexOf(`exit ${index}`));
    }
    expect(new Set(order).size).toBe(40);
  });

  it("knows the identity even of a process that ends at once", async () => {
    const started = await bench.start(["true"]);
    expect(started.identity).toMatchObject({ pid: started.pid, startTicks: expect.any(Number) });
    await started.exited;
    expect(started.identity && isSame(started.identity)).toBe(false);
  });

  it("has started a process also when its identity cannot be read", async () => {
    const read = vi.spyOn(proc, "readStatNow").mockImplementation(() => {
      throw Object.assign(new Error("EMFILE"), { code: "EMFILE" });
    });
    try {
      const started = await bench.start(["true"]);
      expect(started.identity).toBeUndefined();
      expect(await started.exited).toEqual({ exitCode: 0, signal: null });
    } finally {
      read.mockRestore();
    }
  });

  it("keeps the event loop alive until the process has ended", async () => {
    const held = () => process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
    const before = held();
    const started = await bench.sh("sleep 0.2");
    expect(held()).toBe(before + 1);
    await started.exited;
    await until(() => held() === before);
  });

  it("runs fifty at a time and leaves no descriptor open", async () => {
    await (
      await bench.start(["true"])
    ).exited;
    const openBefore = readdirSync("/proc/self/fd").length;
    const started = await Promise.all(
      Array.from({ length: 50 }, (_, index) => bench.sh('echo "$1"; exit "$1"', String(index))),
    );
    const outcomes = await Promise.all(started.map(({ exited }) => exited));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual(started.map((_, index) => index));
    const printed = await Promise.all(started.map(({ stdout }) => stdout()));
    expect(printed).toEqual(started.map((_, index) => `${index}\n`));
    await until(() => readdirSync("/proc/self/fd").length <= openBefore);
  });

  it("keeps megabytes of binary output exactly", async () => {
    const source = join(bench.folder, "source");
    await writeFile(
      source,
      Buffer.from(Uint32Array.from({ length: 500_000 }, (_, index) => index * 2_654_435_761).buffer),
    );
    const started = await bench.start(["cat", source]);
    await started.exited;
    expect((await readFile(started.stdoutPath)).equals(await readFile(source))).toBe(true);
  });
});

describe("standard input", () => {
  const megabytes = "0123456789abcde\n".repeat(256 * 1024);

  it("is empty unless given", async () => {
    const started = await bench.sh("wc -c");
    await started.exited;
    expect((await started.stdout()).trim()).toBe("0");
  });

  it("arrives whole", async () => {
    const started = await bench.start(["cat"], { stdin: megabytes });
    await started.exited;
    expect(await started.stdout()).toBe(megabytes);
  });

  it.each([
    ["closes it at once", "exec 0<&-; echo on"],
    ["reads a little of it", "head -c 10 >/dev/null; exec 0<&-; echo on"],
    ["never reads it", "echo on"],
    ["closes it and lives on", "exec 0<&-; sleep 0.2; echo on"],
  ])("does no harm when the process %s", async (_, script) => {
    const started = await bench.start(["sh", "-c", script], { stdin: megabytes });
    expect(await started.exited).toEqual({ exitCode: 0, signal: null });
    expect(await started.stdout()).toBe("on\n");
  });
});

describe("a start that fails", () => {
  async function refusal(
    argv: string[],
    request: Parameters<Workbench["start"]>[1] = {},
  ): Promise<LaunchError> {
    let exits = 0;
    const failed = await bench.start(argv, { ...request, onExit: () => (exits += 1) }).then(
      () => undefined,
      (error: unknown) => error,
    );
    await new Promise(setImmediate);
    expect(exits).toBe(0);
    if (!(failed instanceof LaunchError)) throw new Error(`no LaunchError but ${String(failed)}`);
    return failed;
  }

  it.each<[LaunchErrorCode, RegExp, string[], Parameters<Workbench["start"]>[1]]>([
    [
      "program_missing",
      /"no-such-program": there is no such program in PATH \(.*\/bin.*full path/,
      ["no-such-program"],
      {},
    ],
    ["program_missing", /the system's default PATH/, ["no-such-program"], { env: {} }],
    ["program_missing", /no such file/, ["/no/such/program"], {}],
    ["program_missing", /no such file/, ["./missing"], {}],
    ["program_missing", /not a folder/, ["/dev/null/program"], {}],
    [
      "cwd_missing",
      /working directory "\/no\/such\/folder" does not exist/,
      ["true"],
      { cwd: "/no/such/folder" },
    ],
    ["cwd_not_a_folder", /"\/dev\/null" is not a folder/, ["true"], { cwd: "/dev/null" }],
    ["cwd_not_a_folder", /a part of its working directory/, ["true"], { cwd: "/dev/null/x" }],
    ["argument_invalid", /absolute path/, ["true"], { cwd: "relative" }],
    ["argument_invalid", /name of a program/, [], {}],
    ["argument_invalid", /name of a program/, [""], {}],
    ["argument_invalid", /NUL byte stands in argv/, ["echo", "a\0b"], {}],
    ["argument_invalid", /NUL byte stands in argv or cwd/, ["echo"], { cwd: "/tmp\0" }],
    ["argument_invalid", /NUL byte stands in the environment/, ["echo"], { env: { A: "\0" } }],
    ["argument_invalid", /equals sign/, ["echo"], { env: { "A=B": "" } }],
    ["arguments_too_long", /longer than the system allows.*stdin/, ["echo", "x".repeat(3_000_000)], {}],
    ["program_not_executable", /is a folder, lacks/, ["/"], {}],
    ["output_unwritable", /output file cannot be written/, ["true"], { stdoutPath: "/no/such/folder/out" }],
    ["output_unwritable", /output file cannot be written/, ["true"], { stderrPath: "/no/such/folder/err" }],
  ])("says %s (%s)", async (code, message, argv, request) => {
    const error = await refusal(argv, request);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^cannot start "/);
  });

  it("tells a file that may not be run, and a missing interpreter", async () => {
    const script = join(bench.folder, "script");
    await writeFile(script, "#!/no/such/interpreter\n");
    await chmod(script, 0o600);
    expect((await refusal([script])).code).toBe("program_not_executable");
    await chmod(script, 0o700);
    const error = await refusal([script]);
    expect(error.code).toBe("program_missing");
    expect(error.message).toMatch(/interpreter/);
    expect((await refusal(["./script"])).message).toMatch(/interpreter/);
    await symlink("circle", join(bench.folder, "circle"));
    expect((await refusal(["./circle"])).message).toMatch(/circle/);
  });

  it("leaves no descriptor open", async () => {
    const openBefore = readdirSync("/proc/self/fd").length;
    for (let round = 0; round < 5; round += 1) {
      await refusal(["no-such-program"], { stdin: "x" });
      await refusal(["true"], { cwd: "/dev/null", stdin: "x" });
      await refusal(["true"], { stderrPath: "/no/such/folder/err" });
    }
    await until(() => readdirSync("/proc/self/fd").length <= openBefore);
  });

  it("tells what may pass from what will not, whatever else is wrong", async () => {
    const start = { argv: ["x"], cwd: "/no/such/folder", env: {} };
    const withCode = (code: string): Promise<LaunchError> =>
      explainFailedStart(start, Object.assign(new Error(code), { code }));
    for (const code of ["EAGAIN", "EMFILE", "ENOMEM"]) {
      expect((await withCode(code)).code).toBe("resources_exhausted");
    }
    expect((await withCode("ENOENT")).code).toBe("cwd_missing");
    expect((await explainFailedStart({ ...start, cwd: "/" }, "odd")).message).toBe('cannot start "x": odd.');
  });

  it("says when the working directory may not be entered", async () => {
    // Root may enter any folder, so the reason is provoked by a name that is too long.
    const cwd = `/${"x".repeat(300)}`;
    const error = await refusal(["true"], { cwd });
    expect(error.code).toBe("cwd_unreadable");
    expect(error.message).toMatch(/ENAMETOOLONG/);
    expect(error.message.length).toBeLessThan(700);
  });

  it("does not write into a folder", async () => {
    const error = await refusal(["true"], { stdoutPath: bench.folder });
    expect(error.code).toBe("output_unwritable");
    expect(error.message).toMatch(/EISDIR/);
  });

  it("tells a full table of open files from an output that cannot be written", () => {
    const error = explainOutput("x", "/out", Object.assign(new Error("EMFILE"), { code: "EMFILE" }));
    expect(error.code).toBe("resources_exhausted");
    expect(error.message).toMatch(/too many files open/);
  });
});
