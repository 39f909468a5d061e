import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it, onTestFinished } from "vitest";

import { TOKEN_VARIABLE } from "../../../src/process/environment.js";
import { isSame, readIdentity } from "../../../src/process/identity.js";
import { Keepers, LostStartError, NoKeeperError } from "../../../src/process/keeper/keepers.js";
import { describeIf, hasProgram } from "../../support/requires.js";
import { until } from "../../support/until.js";
import { kill, KeeperBench, pidsWith, PROGRAM, SHELL } from "./keeperBench.js";

let bench: KeeperBench;
beforeEach(async () => {
  bench = await KeeperBench.open({ shell: SHELL });
});

const HAS = SHELL !== undefined;

/** The pid of the script that keeps a command: it has the folder in its arguments, and so has nothing else by then. */
async function keeperPid(folder: string): Promise<number> {
  const [pid = 0] = await pidsWith(`sessiond-keeper\0${folder}\0`);
  return pid;
}

describeIf(HAS, "sh and setsid", "a command that sh keeps", () => {
  it("ends with its exit code, which is 128 + n for a signal", async () => {
    for (const [script, exitCode] of [
      ["exit 0", 0],
      ["exit 7", 7],
      ["kill -KILL $$", 137],
      ["kill -ALRM $$", 142],
    ] as const) {
      const { ended, gone, supervision } = await bench.sh(script);
      expect(await ended).toMatchObject({ exitCode, signal: null });
      expect(supervision).toBe("sh");
      await gone;
      // Nothing that the shell has to say about it.
      expect(await readFile(join(bench.folder, `${bench.count}.err`), "utf8")).toBe("");
    }
  });

  it("has the arguments, the environment, the folder, the input and the umask that it was given", async () => {
    const env = { PATH: "/usr/bin:/bin", MULTI: "a\nb=c", EMPTY: "", line: "mine", code: "5", folder: "x" };
    const args = ["two words", "line\nbreak", "$HOME `id` ; * '\"", "", "ünïcode", "-n", "--"];
    const script = 'printf "%s\\0" "$@" "$PWD" "$(umask)" "$(cat)"; env -0';
    const argv = ["sh", "-c", script, bench.mark, ...args];
    const stdin = "one\ntwo";
    await (
      await bench.start(argv, { env, stdin })
    ).gone;
    const shown = `0${process.umask().toString(8).padStart(3, "0")}`;
    const said = (await bench.stdout()).split("\0");
    expect(said.slice(0, 10)).toEqual([...args, bench.folder, shown, stdin]);
    const variables = said.slice(10).filter((entry) => !/^(?:PWD|OLDPWD|SHLVL|_)=|^$/.test(entry));
    expect(variables.toSorted()).toEqual(
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}`)
        .toSorted(),
    );
  });

  it("has no descriptor but its three, leads a session, and takes all signals", async () => {
    await (
      await bench.start(["ls", "/proc/self/fd"])
    ).gone;
    // Beside those that whoever started this process gave to all that it starts.
    const { stdout } = spawnSync("ls", ["/proc/self/fd"], { encoding: "utf8" });
    expect(await bench.stdout()).toBe(stdout);
    const { pid, gone, identity } = await bench.start(["cat", "/proc/self/stat", "/proc/self/status"]);
    await gone;
    const said = await bench.stdout();
    expect(said.split(" ").slice(4, 6)).toEqual([String(pid), String(pid)]);
    expect(identity?.startTicks).toBe(Number(said.split(" ")[21]));
    expect(said).toMatch(/SigBlk:\s0+\n/);
    expect(said).toMatch(/SigIgn:\s0+\n/);
  });

  it("appends what it writes to files of mode 0600, and is found by its name or its path", async () => {
    const stdoutPath = join(bench.folder, "shared.out");
    const folder = join(bench.folder, "bin");
    await mkdir(folder);
    await writeFile(join(folder, "-odd"), "#!/bin/sh\necho odd\n", { mode: 0o700 });
    await (
      await bench.start(["echo", "first"], { stdoutPath })
    ).gone;
    await (
      await bench.start(["bin/-odd"], { stdoutPath })
    ).gone;
    await (
      await bench.start(["-odd"], { stdoutPath, env: { PATH: `${folder}:/bin` } })
    ).gone;
    await (
      await bench.start(["echo", "last"], { stdoutPath, env: {} })
    ).gone;
    expect(await readFile(stdoutPath, "utf8")).toBe("first\nodd\nodd\nlast\n");
    expect((await stat(stdoutPath)).mode & 0o777).toBe(0o600);
  });

  it("is refused with a reason, whatever it fails at", async () => {
    const file = join(bench.folder, "file");
    await writeFile(file, "");
    await chmod(file, 0o600);
    await expect(bench.start(["no-such-program"])).rejects.toMatchObject({ code: "program_missing" });
    await expect(bench.start(["./no-such"])).rejects.toMatchObject({ code: "program_missing" });
    await expect(bench.start([file])).rejects.toMatchObject({ code: "program_not_executable" });
    await expect(bench.start([bench.folder])).rejects.toMatchObject({ code: "program_not_executable" });
    await expect(bench.start(["true"], { cwd: "/nowhere" })).rejects.toMatchObject({ code: "cwd_missing" });
    await expect(bench.start(["true"], { stderrPath: bench.folder })).rejects.toMatchObject({
      code: "output_unwritable",
    });
    const huge = Array.from({ length: 40 }, () => "x".repeat(100_000));
    await expect(bench.start(["true", ...huge])).rejects.toMatchObject({ code: "arguments_too_long" });
  });

  it("gets signals, and is stopped with its group", async () => {
    const heard = await bench.sh(
      "trap 'echo heard; exit 3' USR1; echo up; while :; do sleep 0.01; done",
      {},
      1,
    );
    heard.signal("SIGUSR1");
    expect(await heard.ended).toMatchObject({ exitCode: 3 });
    await heard.gone;
    expect(await bench.stdout()).toBe("up\nheard\n");
    heard.signal("SIGKILL");
    heard.stop(0, "signalled");
    const deaf = await bench.sh("trap '' TERM; (trap '' TERM; sleep $0) & echo up; wait; sleep $0", {}, 1);
    deaf.stop(60_000, "signalled");
    deaf.stop(50, "signalled");
    expect(await deaf.ended).toMatchObject({ exitCode: 137 });
    await deaf.gone;
    expect(await bench.running()).toEqual([]);
  });

  it("is ended with what it left in its group", async () => {
    const { ended, gone, stop } = await bench.sh(
      "(trap '' TERM; echo in; sleep $0) & sleep 0.05",
      { graceMs: 60_000 },
      1,
    );
    expect(await ended).toMatchObject({ exitCode: 0 });
    stop(50, "stopped");
    await gone;
    expect(await bench.running()).toEqual([]);
  });
});

describeIf(HAS, "sh and setsid", "a command of sh without a daemon", () => {
  it("goes on, is found again, and ends as it ends", async () => {
    const script = 'echo up; until [ -e "$1" ]; do sleep 0.01; done; echo done; exit 7';
    const gate = join(bench.folder, "gate");
    const { folder, pid } = await bench.start(["sh", "-c", script, bench.mark, gate]);
    bench.forget();
    expect(await bench.keepers.look(folder)).toBe("process");
    const again = await bench.adopt(folder);
    expect(again).toMatchObject({ pid, supervision: "sh" });
    expect(again.startedAtMs).toBeLessThanOrEqual(Date.now());
    expect(again.identity !== undefined && isSame(again.identity)).toBe(true);
    await writeFile(gate, "");
    expect(await again.ended).toMatchObject({ exitCode: 7, signal: null });
    await again.gone;
    expect(await bench.stdout()).toBe("up\ndone\n");
    // And once more, when all is over.
    bench.forget();
    expect(await bench.keepers.look(folder)).toBe("process");
    const over = await bench.adopt(folder);
    expect(await over.ended).toMatchObject({ exitCode: 7, endedAtMs: expect.any(Number) as number });
    await over.gone;
  });

  it.each(["keeps", "has lost"])(
    "that left something in its group, which %s its token, has that ended",
    async (how) => {
      const env = { PATH: "/usr/bin:/bin", [TOKEN_VARIABLE]: bench.mark };
      const clear = how === "keeps" ? "" : "env -i";
      const script = `(exec ${clear} /bin/sh -c 'echo in; exec sleep $0' $0) & until [ -s "$1" ]; do sleep 0.01; done`;
      const out = join(bench.folder, "1.out");
      const { folder } = await bench.start(["sh", "-c", script, bench.mark, out], { env });
      bench.forget();
      await until("its end", async () => (await readdir(folder)).includes("ended"));
      await until("the end of its keeper", async () => (await keeperPid(folder)) === 0);
      await (
        await bench.adopt(folder)
      ).gone;
      const left = await pidsWith(`sleep\0${bench.mark}`);
      // The number of the group proves nothing any more.
      expect(left).toHaveLength(how === "keeps" ? 0 : 1);
      for (const pid of left) kill(pid);
      await until("the end of all", async () => (await bench.running()).length === 0);
    },
  );

  it("is lost where its keeper is killed, and nobody is signalled for it", async () => {
    const { folder, ended, gone, pid, stop, signal } = await bench.sh("echo up; exec sleep $0", {}, 1);
    kill(await keeperPid(folder));
    expect(await ended).toEqual({ exitCode: null, signal: null, isLost: true });
    signal("SIGKILL");
    stop(0, "stopped");
    bench.forget();
    expect(await bench.keepers.look(folder)).toBe("lost");
    expect((await bench.running()).length).toBeGreaterThan(0);
    kill(pid);
    await gone;
    await until("its end", async () => (await bench.running()).length === 0);
  });

  it("is lost where its keeper was killed before it began", async () => {
    const folder = bench.next();
    await mkdir(folder);
    const mkfifo = spawn("mkfifo", [join(folder, "claim")]);
    await once(mkfifo, "exit");
    expect(await bench.keepers.look(folder)).toBe("lost");
    await expect(bench.adopt(folder)).rejects.toThrow(LostStartError);
    await bench.keepers.dispose(folder, 0);
  });

  it("is ended where nobody knows of it", async () => {
    const { folder } = await bench.sh("trap '' TERM; echo up; while :; do sleep 0.01; done", {}, 1);
    bench.forget();
    await bench.keepers.dispose(folder, 50);
    expect(await bench.running()).toEqual([]);
  });
});

describeIf(HAS && PROGRAM !== undefined, "sh, setsid and a C compiler", "one keeper and the other", () => {
  it("find what the other one started", async () => {
    const first = await bench.sh("echo up; exec sleep $0", {}, 1);
    const both = new Keepers(PROGRAM, SHELL);
    onTestFinished(() => both.close());
    const adopted = await both.adopt(first.folder, bench.request(["-"]));
    expect(adopted).toMatchObject({ pid: first.pid, supervision: "sh" });
    const folder = bench.next();
    const second = await both.start(folder, bench.request(["sleep", bench.mark]));
    expect(second.supervision).toBe("keeper");
    expect(await bench.adopt(folder)).toMatchObject({ pid: second.pid, supervision: "keeper" });
    adopted.stop(0, "stopped");
    second.stop(0, "stopped");
    await Promise.all([adopted.gone, second.gone, first.gone]);
  });

  it("never both have a command, and sh has it where the program cannot be run", async () => {
    const folder = bench.next();
    const request = bench.request(["sleep", bench.mark]);
    const broken = new Keepers("/bin/false", SHELL);
    onTestFinished(() => broken.close());
    const process = await broken.start(folder, request);
    expect(process.supervision).toBe("sh");
    const again = [new Keepers(PROGRAM), new Keepers(undefined, SHELL)];
    onTestFinished(() => again.forEach((keepers) => keepers.close()));
    for (const keepers of again) expect((await keepers.begin(folder, request)).pid).toBe(process.pid);
    const keeper = await keeperPid(folder);
    const all = await pidsWith(`sleep\0${bench.mark}`);
    expect(all.filter((pid) => pid !== keeper)).toEqual([process.pid]);
    process.stop(0, "stopped");
    await process.gone;
  });

  it("leave it to a child where there is neither", async () => {
    const none = new Keepers("/bin/false", { sh: "/bin/false", setsid: "/bin/false" });
    onTestFinished(() => none.close());
    await expect(none.start(bench.next(), bench.request(["true"]))).rejects.toThrow(NoKeeperError);
    await expect(new Keepers(undefined).start(bench.next(), bench.request(["true"]))).rejects.toThrow(
      NoKeeperError,
    );
  });
});

describeIf(HAS && hasProgram("bash"), "sh, setsid and bash", "another sh", () => {
  it("keeps a command as well", async () => {
    const shells = new Keepers(undefined, { ...SHELL, sh: "/bin/bash", setsid: SHELL?.setsid ?? "" });
    onTestFinished(() => shells.close());
    const folder = bench.next();
    const env = { PATH: "/usr/bin:/bin", code: "1" };
    const argv = ["sh", "-c", 'echo "$code" "$1"; exit 9', bench.mark, "two words"];
    const { ended, gone } = await shells.start(folder, bench.request(argv, { env }));
    expect(await ended).toMatchObject({ exitCode: 9 });
    await gone;
    expect(await bench.stdout()).toBe("1 two words\n");
    const killed = await shells.start(bench.next(), bench.request(["sh", "-c", "kill -KILL $$"]));
    expect(await killed.ended).toMatchObject({ exitCode: 137 });
    expect(await readFile(join(bench.folder, `${bench.count}.err`), "utf8")).toBe("");
    await killed.gone;
  });
});

describeIf(HAS, "sh and setsid", "a folder that is gone", () => {
  it("does not keep the keeper", async () => {
    const { folder, pid } = await bench.sh("echo up; exec sleep $0", {}, 1);
    const keeper = readIdentity(await keeperPid(folder));
    bench.forget();
    await rename(folder, `${folder}.away`);
    await rm(`${folder}.away`, { recursive: true });
    kill(pid);
    await until("the end of the keeper", () => keeper !== undefined && !isSame(keeper));
  });
});
