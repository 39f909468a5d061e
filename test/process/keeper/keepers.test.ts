import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";

import { isSame } from "../../../src/process/identity.js";
import { readIntent, writeIntent } from "../../../src/process/keeper/intent.js";
import { Keepers, LostStartError, NoKeeperError } from "../../../src/process/keeper/keepers.js";
import { describeIf } from "../../support/requires.js";
import { until } from "../../support/until.js";
import { kill, KeeperBench, PROGRAM } from "./keeperBench.js";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open();
});

const HAS = PROGRAM !== undefined;

async function keeperPid(folder: string): Promise<number> {
  return Number((await readFile(join(folder, "claim"), "utf8")).split(" ")[1]);
}

describeIf(HAS, "a C compiler", "a command that a keeper starts", () => {
  it("ends with its exit code or its signal, and the time of that", async () => {
    const before = Date.now();
    for (const [script, exitCode, signal] of [
      ["exit 0", 0, null],
      ["exit 137", 137, null],
      ["kill -KILL $$", null, "SIGKILL"],
      ["kill -ABRT $$", null, "SIGABRT"],
    ] as const) {
      const { ended, gone, supervision } = await bench.sh(script);
      const ending = await ended;
      expect(ending).toEqual({ exitCode, signal, endedAtMs: expect.any(Number) as number });
      expect(ending.endedAtMs).toBeGreaterThanOrEqual(before);
      expect(supervision).toBe("keeper");
      await gone;
    }
  });

  it("has the arguments, the environment, the folder, the input and the umask that it was given", async () => {
    const env = { PATH: "/usr/bin:/bin", MULTI: "a\nb=c", EMPTY: "" };
    const args = ["two words", "line\nbreak", "$HOME `id` ; *", "", "ünïcode"];
    const script = 'printf "%s\\0" "$@" "$PWD" "$(umask)" "$(cat)"; env -0';
    const argv = ["sh", "-c", script, bench.mark, ...args];
    const stdin = "one\ntwo";
    await (
      await bench.start(argv, { env, stdin })
    ).gone;
    const umask = process.umask();
    const said = (await bench.stdout()).split("\0");
    const shown = `0${umask.toString(8).padStart(3, "0")}`;
    expect(said.slice(0, 8)).toEqual([...args, bench.folder, shown, stdin]);
    const variables = said.slice(8).filter((entry) => !/^(?:PWD|OLDPWD|SHLVL|_)=|^$/.test(entry));
    expect(variables.toSorted()).toEqual(["EMPTY=", "MULTI=a\nb=c", "PATH=/usr/bin:/bin"]);
  });

  it("has no descriptor but its three, leads a session, and takes all signals", async () => {
    await (
      await bench.start(["ls", "/proc/self/fd"])
    ).gone;
    expect((await bench.stdout()).trim().split("\n")).toEqual(["0", "1", "2", "3"]);
    const { pid, gone, identity } = await bench.start(["cat", "/proc/self/stat", "/proc/self/status"]);
    await gone;
    const said = await bench.stdout();
    expect(said.split(" ").slice(4, 6)).toEqual([String(pid), String(pid)]);
    expect(identity?.startTicks).toBe(Number(said.split(" ")[21]));
    expect(said).toMatch(/SigBlk:\s0+\n/);
    expect(said).toMatch(/SigIgn:\s0+\n/);
  });

  it("appends what it writes to files of mode 0600", async () => {
    const stdoutPath = join(bench.folder, "shared.out");
    for (const word of ["first", "second"]) await (await bench.start(["echo", word], { stdoutPath })).gone;
    expect(await readFile(stdoutPath, "utf8")).toBe("first\nsecond\n");
    expect((await stat(stdoutPath)).mode & 0o777).toBe(0o600);
  });

  it("is refused with a reason, whatever it fails at", async () => {
    const file = join(bench.folder, "file");
    await writeFile(file, "");
    await chmod(file, 0o600);
    await expect(bench.start(["no-such-program"])).rejects.toMatchObject({ code: "program_missing" });
    await expect(bench.start([file])).rejects.toMatchObject({ code: "program_not_executable" });
    await expect(bench.start(["true"], { cwd: "/nowhere" })).rejects.toMatchObject({ code: "cwd_missing" });
    const stdoutPath = join(bench.folder, "no", "out");
    await expect(bench.start(["true"], { stdoutPath })).rejects.toMatchObject({ code: "output_unwritable" });
    await expect(bench.start(["true"], { stderrPath: bench.folder })).rejects.toMatchObject({
      code: "output_unwritable",
      message: expect.stringContaining(bench.folder) as string,
    });
    await expect(bench.start(["true", "a\0b"])).rejects.toMatchObject({ code: "argument_invalid" });
    const huge = Array.from({ length: 40 }, () => "x".repeat(100_000));
    await expect(bench.start(["true", ...huge])).rejects.toMatchObject({ code: "arguments_too_long" });
  });
});

describeIf(HAS, "a C compiler", "a command without a daemon", () => {
  it("goes on, is found again, and ends as it ends", async () => {
    const script = 'echo up; until [ -e "$1" ]; do sleep 0.01; done; echo done; exit 7';
    const gate = join(bench.folder, "gate");
    const { folder, pid } = await bench.start(["sh", "-c", script, bench.mark, gate]);
    bench.forget();
    const again = await bench.adopt(folder);
    expect(again.pid).toBe(pid);
    expect(again.identity !== undefined && isSame(again.identity)).toBe(true);
    await writeFile(gate, "");
    expect(await again.ended).toMatchObject({ exitCode: 7, signal: null });
    await again.gone;
    expect(await bench.stdout()).toBe("up\ndone\n");
    // And once more, when all is over.
    bench.forget();
    expect(await (await bench.adopt(folder)).ended).toMatchObject({ exitCode: 7, signal: null });
  });

  it("is held to its time", async () => {
    const { folder } = await bench.sh("exec sleep $0", { closeMs: 50 });
    bench.forget();
    await until("its end", async () => (await bench.running()).length === 0);
    const { ended, gone } = await bench.adopt(folder);
    expect(await ended).toMatchObject({ signal: "SIGTERM", cause: "start_to_close" });
    await gone;
  });

  it("says of a start that failed why it did", async () => {
    const folder = bench.next();
    await expect(bench.keepers.start(folder, bench.request(["no-such-program"]))).rejects.toThrow(
      "no-such-program",
    );
    bench.forget();
    const adopted = bench.keepers.adopt(folder, bench.request(["no-such-program"]));
    await expect(adopted).rejects.toMatchObject({ code: "program_missing" });
  });

  it("is found in time by one who asks again and again", async () => {
    // Each connection may come when the keeper is about to go.
    for (let round = 0; round < 30; round += 1) {
      const { folder } = await bench.start(["true"]);
      bench.forget();
      expect(await (await bench.adopt(folder)).ended).toMatchObject({ exitCode: 0 });
    }
  });
});

describeIf(HAS, "a C compiler", "an intent", () => {
  it("is read back, unless it is not whole or of another boot", async () => {
    const folder = bench.next();
    const env = { A: "1", B: "x=y\nz", C: "" };
    await writeIntent(folder, bench.request(["true"], { env, stdin: "text" }));
    expect(await readIntent(folder)).toEqual({ env, stdin: "text" });
    const path = join(folder, "intent");
    const whole = await readFile(path, "utf8");
    await writeFile(path, whole.replace(/boot=[^\0]*/, "boot=other"));
    expect(await readIntent(folder)).toBeUndefined();
    await writeFile(path, whole.slice(0, -5));
    expect(await readIntent(folder)).toBeUndefined();
    await expect(bench.keepers.begin(folder, bench.request(["true"]))).rejects.toThrow(NoKeeperError);
    expect(await readIntent(bench.next())).toBeUndefined();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it("is carried out once, however many want to", async () => {
    const folder = bench.next();
    await writeIntent(folder, bench.request(["sh", "-c", "echo ran; sleep 0.2", bench.mark]));
    const others = Array.from({ length: 4 }, () => new Keepers(PROGRAM ?? ""));
    const processes = await Promise.all(
      others.map((keepers) => keepers.begin(folder, bench.request(["sh"]))),
    );
    expect(new Set(processes.map(({ pid }) => pid)).size).toBe(1);
    for (const { ended, gone } of processes) {
      expect(await ended).toMatchObject({ exitCode: 0 });
      await gone;
    }
    for (const keepers of others) keepers.close();
    expect(await readFile(join(bench.folder, "1.out"), "utf8")).toBe("ran\n");
  });
});

describeIf(HAS, "a C compiler", "what is killed", () => {
  it("a keeper: its command is lost, and told so", async () => {
    const { ended, gone, folder, pid } = await bench.sh("echo up; exec sleep $0", {}, 1);
    kill(await keeperPid(folder));
    expect(await ended).toEqual({ exitCode: null, signal: null, isLost: true });
    await gone;
    bench.forget();
    expect(await (await bench.adopt(folder)).ended).toHaveProperty("isLost", true);
    kill(pid);
    await until("its end", async () => (await bench.running()).length === 0);
  });

  it("a keeper before it began: the start is lost", async () => {
    const folder = bench.next();
    await mkdir(folder);
    await writeFile(join(folder, "claim"), "claimed 1 1\n");
    await expect(bench.adopt(folder)).rejects.toThrow(LostStartError);
    await expect(bench.keepers.begin(folder, bench.request(["true"]))).rejects.toThrow(LostStartError);
  });

  it("the spawn server: keepers go on, and the next start has a new one", async () => {
    const first = await bench.sh("exec sleep $0");
    const server = bench.keepers.spawnerPid;
    kill(server);
    const second = await bench.sh("exec sleep $0");
    expect(bench.keepers.spawnerPid).not.toBe(server);
    for (const { stop, ended, gone } of [first, second]) {
      stop(0, "signalled");
      expect(await ended).toMatchObject({ cause: "signalled" });
      await gone;
    }
  });

  it("the spawn server in the midst of many starts: each happens once", async () => {
    const starts = Array.from({ length: 30 }, (_, index) => {
      if (index % 10 === 5)
        setImmediate(() => {
          if (bench.keepers.spawnerPid !== undefined) kill(bench.keepers.spawnerPid);
        });
      return bench.start(["sh", "-c", "echo ran; sleep 0.05"]).then(
        async ({ ended }) => (await ended).exitCode,
        (error: unknown) => (error instanceof NoKeeperError ? "none" : error),
      );
    });
    const exits = await Promise.all(starts);
    expect(exits.filter((exit) => exit !== 0 && exit !== "none")).toEqual([]);
    const runs = await Promise.all(
      exits.map((_, index) => readFile(join(bench.folder, `${index + 1}.out`), "utf8").catch(() => "")),
    );
    expect(runs).toEqual(exits.map((exit) => (exit === 0 ? "ran\n" : "")));
  });
});

describeIf(HAS, "a C compiler", "where no keeper can be had", () => {
  it("that is said before anything is begun", async () => {
    const none = new Keepers(join(bench.folder, "none"));
    await expect(none.start(bench.next(), bench.request(["true"]))).rejects.toThrow(NoKeeperError);
    const deaf = new Keepers("/bin/false");
    await expect(deaf.start(bench.next(), bench.request(["true"]))).rejects.toThrow(NoKeeperError);
    await expect(bench.keepers.start("/proc/none", bench.request(["true"]))).rejects.toThrow(NoKeeperError);
    const odd = join(bench.folder, "a\nb");
    await expect(bench.keepers.start(odd, bench.request(["true"]))).rejects.toThrow(NoKeeperError);
  });
});
