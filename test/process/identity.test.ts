import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findByToken, isSame, readIdentity } from "../../src/process/identity.js";
import { hasEnded, parseStat, undefinedIfOutOfReach } from "../../src/process/proc.js";
import { programOf, TOKEN_NAME, until, Workbench } from "./workbench.js";

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.open();
});
afterEach(() => bench.close());

describe("a stat line", () => {
  const fields = "S 1 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 11";

  it.each(["sh", "a b", ") S 9 9 (", "new\nline", "((("])("is read behind the name %j", (name) => {
    const stat = parseStat(`77 (${name}) ${fields}\n`);
    const ticks = { startTicks: 987_654, ownTicks: 5 + 6, childTicks: 7 + 8 };
    const ids = { parentPid: 1, groupId: 42, sessionId: 43 };
    expect(stat).toEqual({ state: "S", ...ids, threads: 1, ...ticks, exitStatus: 0 });
  });

  it.each(["", "77 (sh) S", "no parenthesis at all", `77 (sh) ${fields.replace("987654", "x")}`])(
    "that is none is refused: %j",
    (line) => {
      expect(parseStat(line)).toBeUndefined();
    },
  );

  it("of a zombie counts as ended only when no thread goes on", () => {
    const stat = { state: "Z", threads: 1 };
    expect(hasEnded(stat)).toBe(true);
    expect(hasEnded({ ...stat, state: "X", threads: 0 })).toBe(true);
    expect(hasEnded({ ...stat, threads: 3 })).toBe(false);
    expect(hasEnded({ ...stat, state: "S" })).toBe(false);
  });

  it("that cannot be read because of the daemon's own trouble is an error, not an absence", () => {
    const withCode = (code: string): Error => Object.assign(new Error(code), { code });
    expect(undefinedIfOutOfReach(withCode("ESRCH"))).toBeUndefined();
    expect(() => undefinedIfOutOfReach(withCode("EMFILE"))).toThrow("EMFILE");
  });
});

describe("an identity", () => {
  it("is the same as long as the process runs", async () => {
    const started = await bench.start(["sleep", "60"]);
    const identity = readIdentity(started.pid);
    if (identity === undefined) throw new Error("this system has no /proc");
    expect(identity).toEqual(started.identity);
    expect(identity.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(isSame(identity)).toBe(true);
    process.kill(started.pid, "SIGKILL");
    await started.exited;
    expect(isSame(identity)).toBe(false);
  });

  it("differs by start time and by boot", () => {
    const own = readIdentity(process.pid);
    if (own === undefined) throw new Error("this system has no /proc");
    expect(isSame({ ...own, startTicks: own.startTicks + 1 })).toBe(false);
    expect(isSame({ ...own, bootId: "another boot" })).toBe(false);
  });

  it("does not exist for a pid that nobody has", () => {
    expect(readIdentity(2 ** 30)).toBeUndefined();
  });

  it("of a zombie is still readable, but it runs no more", async () => {
    // The outer process has become a program that never collects the inner one.
    const outer = await bench.sh("sleep 60 & echo $!; exec sleep 60");
    await until(() => programOf(outer.pid) === "sleep");
    const pid = Number(await outer.stdout());
    const identity = readIdentity(pid);
    if (identity === undefined) throw new Error("this system has no /proc");
    process.kill(pid, "SIGKILL");
    await until(() => !isSame(identity));
    expect(readIdentity(pid)).toEqual(identity);
    process.kill(outer.pid, "SIGKILL");
    await outer.exited;
  });
});

describe("findByToken", () => {
  it("finds a command and its descendants, other sessions included", async () => {
    const stopFile = `${bench.folder}/stop`;
    const loop = 'while [ ! -e "$1" ]; do sleep 0.05; done';
    const started = await bench.sh(`setsid sh -c '${loop}' sh "$1" & ${loop}; wait`, stopFile);
    await until(async () => (await bench.running()).length >= 2);
    const pids = await bench.running();
    expect(pids).toContain(started.pid);
    expect(pids).toEqual(pids.toSorted((a, b) => a - b));
    await bench.start(["touch", stopFile]);
    await started.exited;
    await until(async () => (await bench.running()).length === 0);
  });

  it("takes the whole name and the whole value, wherever the variable stands", async () => {
    const others = { [`X_${TOKEN_NAME}`]: bench.token, [`${TOKEN_NAME}2`]: bench.token };
    const decoy = await bench.start(["sleep", "60"], { env: { ...others, PATH: "/usr/bin:/bin" } });
    const longer = await bench.start(["sleep", "60"], { env: { [TOKEN_NAME]: `${bench.token}2` } });
    const first = await bench.start(["sleep", "60"], { env: { [TOKEN_NAME]: bench.token, Z: "1" } });
    const last = await bench.start(["sleep", "60"], {
      env: { A: "1", ...others, [TOKEN_NAME]: bench.token },
    });
    const found = await findByToken(TOKEN_NAME, new Set([bench.token, "nobody's"]));
    expect([...found]).toEqual([[bench.token, [first.pid, last.pid].toSorted((a, b) => a - b)]]);
    for (const { pid, exited } of [decoy, longer, first, last]) {
      process.kill(pid, "SIGKILL");
      await exited;
    }
  });

  it("looks at nothing when no token is wanted", async () => {
    expect(await findByToken(TOKEN_NAME, new Set())).toEqual(new Map());
  });
});
