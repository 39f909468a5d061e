import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { lock as lockByFolder } from "proper-lockfile";
import type * as properLockfile from "proper-lockfile";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { acquireDataLock, DataFolderBusyError } from "../../src/server/lock.js";
import type { DataLock, DataLockOptions } from "../../src/server/lock.js";
import { compileModule } from "./compile.js";

vi.mock("proper-lockfile", async (original) => {
  const actual = await original<typeof properLockfile>();
  return { ...actual, lock: vi.fn(actual.lock) };
});

let built: string;
beforeAll(() => {
  built = mkdtempSync(join(tmpdir(), "sessiond-lock-built-"));
  const lock = compileModule("server/lock.ts", built);
  writeFileSync(join(built, "package.json"), '{"type": "module"}');
  // Takes the lock, says what came of it, starts a command when told "spawn", and stays until it is killed.
  writeFileSync(
    join(built, "holder.js"),
    `import { spawn } from "node:child_process";
     import { acquireDataLock } from ${JSON.stringify(lock)};
     const say = (line) => process.stdout.write(JSON.stringify(line) + "\\n");
     const options = JSON.parse(process.argv[2]);
     try {
       const lock = await acquireDataLock({ ...options, onCompromised: (error) => say({ compromised: error.code }) });
       say({ kernelHeld: lock.kernelHeld });
       process.stdin.on("data", () => {
         const child = spawn("sleep", ["300"], { detached: true, stdio: ["ignore", 1, 2] });
         say({ spawned: child.pid });
       });
     } catch (error) {
       say({ refused: error.name, message: error.message });
     }`,
  );
});
afterAll(() => rmSync(built, { recursive: true }));

let base: string;
let dataDir: string;
let locks: DataLock[];
let children: ChildProcess[];
let pids: number[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sessiond-lock-"));
  dataDir = join(base, "data");
  locks = [];
  children = [];
  pids = [];
});
afterEach(async () => {
  for (const lock of locks) await lock.release();
  for (const child of children) child.kill("SIGKILL");
  for (const pid of pids) process.kill(pid, "SIGKILL");
  rmSync(base, { recursive: true });
});

const options = (): DataLockOptions => ({
  dataDir,
  lockFile: join(dataDir, "daemon.lock"),
  ownerFile: join(dataDir, "daemon.json"),
  socket: join(base, "sessiond.sock"),
  version: "1.2.3",
  onCompromised: () => undefined,
});
const lockFolder = () => join(dataDir, "daemon.lock.d");
const makeStale = () => utimesSync(lockFolder(), 1_000, 1_000);

async function acquire(more: Partial<DataLockOptions> = {}): Promise<DataLock> {
  const lock = await acquireDataLock({ ...options(), ...more });
  locks.push(lock);
  return lock;
}

/** Another process that tries to take the lock; `said` answers its next line. */
function startHolder(more: Partial<DataLockOptions> = {}) {
  const given = JSON.stringify({ ...options(), ...more });
  const child = spawn(process.execPath, [join(built, "holder.js"), given], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async () => {
    const { value } = (await lines.next()) as { value: string };
    return JSON.parse(value) as Record<string, unknown>;
  };
  const kill = async () => {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
  };
  return { child, said, kill };
}

const busy = (more?: Partial<DataLockOptions>) =>
  acquire(more).then(
    () => undefined,
    (error: unknown) => (error instanceof DataFolderBusyError ? error : undefined),
  );

const hasFlock = existsSync("/usr/bin/flock") || existsSync("/bin/flock");
const withoutFlock = { kernel: { flockProgram: "no-such-flock" } };

describe.runIf(hasFlock)("with the kernel's lock", () => {
  it("lets one process in, and tells the other who it is and what to do", async () => {
    const first = startHolder();
    expect(await first.said()).toEqual({ kernelHeld: true });
    const error = await busy();
    expect(error?.owner).toMatchObject({ pid: first.child.pid, version: "1.2.3", socket: options().socket });
    expect(error?.message).toContain(`The data folder ${dataDir} is in use by process ${first.child.pid}`);
    expect(error?.message).toContain(`kill ${first.child.pid}`);
    expect(error?.message).toContain("--data-dir");
    expect(await startHolder().said()).toMatchObject({ refused: "DataFolderBusyError" });
  });

  it("is free the moment its holder is killed, whatever that left behind", async () => {
    const first = startHolder();
    await first.said();
    await first.kill();
    expect(existsSync(lockFolder())).toBe(true);
    expect((await acquire()).kernelHeld).toBe(true);
    expect(JSON.parse(readFileSync(options().ownerFile, "utf8"))).toMatchObject({ pid: process.pid });
  });

  it("stays with a holder that was stopped for longer than any timeout", async () => {
    const first = startHolder({ staleMs: 2_000 });
    await first.said();
    first.child.kill("SIGSTOP");
    makeStale();
    for (let attempt = 0; attempt < 3; attempt++) expect((await busy())?.owner?.pid).toBe(first.child.pid);
    expect(await startHolder({ staleMs: 2_000 }).said()).toMatchObject({ refused: "DataFolderBusyError" });
    first.child.kill("SIGCONT");
    // proper-lockfile sees that somebody touched its folder, and says so.
    expect(await first.said()).toEqual({ compromised: "ECOMPROMISED" });
  });

  it("is not kept by a command that the holder started", async () => {
    const first = startHolder();
    await first.said();
    first.child.stdin?.write("spawn\n");
    const { spawned } = await first.said();
    pids.push(Number(spawned));
    await first.kill();
    expect((await acquire()).kernelHeld).toBe(true);
    expect(() => process.kill(Number(spawned), 0)).not.toThrow();
  });

  it("is not there twice in one process either", async () => {
    await acquire();
    expect((await busy())?.owner?.pid).toBe(process.pid);
  });

  it("is not for the one who removed the lock file of a daemon that runs", async () => {
    const first = startHolder();
    await first.said();
    rmSync(options().lockFile);
    expect((await busy())?.owner?.pid).toBe(first.child.pid);
  });

  it("gives way to a daemon that runs without it", async () => {
    const first = startHolder(withoutFlock);
    expect(await first.said()).toEqual({ kernelHeld: false });
    first.child.kill("SIGSTOP");
    makeStale();
    expect((await busy())?.owner?.pid).toBe(first.child.pid);
  });

  it("does not name a predecessor that is dead", async () => {
    await (await acquire()).release();
    writeFileSync(options().ownerFile, '{"pid": 1, "startTicks": 7, "bootId": "another"}');
    const second = await acquire();
    writeFileSync(options().ownerFile, '{"pid": 1, "startTicks": 7, "bootId": "another"}');
    const error = await busy();
    expect(error?.owner).toBeUndefined();
    expect(error?.message).toContain("in use by another process. Use that daemon. Stop it to start");
    await second.release();
    expect(existsSync(options().ownerFile)).toBe(true);
  });

  it("is given back once, with everything but the lock file", async () => {
    const lock = await acquire();
    expect(statSync(options().lockFile).mode & 0o777).toBe(0o600);
    expect(statSync(options().ownerFile).mode & 0o777).toBe(0o600);
    await lock.release();
    await lock.release();
    expect([lockFolder(), options().ownerFile, options().lockFile].map((path) => existsSync(path))).toEqual([
      false,
      false,
      true,
    ]);
    await acquire();
  });

  it("is given back when the owner cannot be written down", async () => {
    mkdirSync(dataDir, { mode: 0o700 });
    mkdirSync(options().ownerFile);
    await expect(acquire()).rejects.toMatchObject({ code: "EISDIR" });
    rmdirSync(options().ownerFile);
    await acquire();
  });

  it("tells when its folder is taken away", async () => {
    const compromised = new Promise<Error>(
      (onCompromised) => void acquire({ onCompromised, staleMs: 2_000 }),
    );
    await vi.waitUntil(() => existsSync(options().ownerFile), { timeout: 10_000 });
    rmdirSync(lockFolder());
    expect(await compromised).toMatchObject({ code: "ECOMPROMISED" });
  });
});

describe("without the kernel's lock", () => {
  it("warns, and still lets one process in", async () => {
    const warn = vi.fn<(fields: object, message: string) => void>();
    const lock = await acquire({ ...withoutFlock, log: { warn } });
    expect(lock.kernelHeld).toBe(false);
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { event: "lock.weak", reason: expect.stringContaining("no-such-flock") },
      expect.any(String),
    );
    expect(await startHolder(withoutFlock).said()).toMatchObject({ refused: "DataFolderBusyError" });
    await lock.release();
    expect(await startHolder(withoutFlock).said()).toEqual({ kernelHeld: false });
  });

  it("believes a fresh lock of which nobody knows the owner", async () => {
    mkdirSync(lockFolder(), { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
    expect(await busy(withoutFlock)).toBeInstanceOf(DataFolderBusyError);
  });

  it("takes over an abandoned lock", async () => {
    mkdirSync(dataDir, { mode: 0o700 });
    mkdirSync(lockFolder());
    makeStale();
    expect((await acquire({ ...withoutFlock, staleMs: 2_000 })).kernelHeld).toBe(false);
  });

  it("is not taken over by two at the same time", async () => {
    mkdirSync(lockFolder(), { recursive: true, mode: 0o700 });
    // The other one, which looked before us, takes away what we have just made; the first update finds out.
    vi.mocked(lockByFolder).mockImplementationOnce((_folder, { onCompromised } = {}) => {
      setTimeout(() => onCompromised?.(new Error("not ours any more")), 10);
      return Promise.resolve(() => Promise.resolve());
    });
    expect(await busy(withoutFlock)).toBeInstanceOf(DataFolderBusyError);
  });
});

it("is refused in a folder that others can write to", async () => {
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o777);
  await expect(acquire()).rejects.toThrow("can be written by other users");
});
