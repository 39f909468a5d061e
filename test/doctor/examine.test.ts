import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { examine } from "../../src/doctor/examine.js";
import { examineClock, examineInotify, examineLock, examineOpenFiles } from "../../src/doctor/machine.js";
import { examineDisk, examineSocket } from "../../src/doctor/places.js";
import { examineCgroup, examineKeeper, examineServiceManager } from "../../src/doctor/supervision.js";
import { keeperProgram } from "../../src/process/keeper/program.js";
import { describeIf } from "../support/requires.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-test-doctor-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("examines everything, and what is not all right says what to do", async () => {
  const patient = {
    dataDir: join(folder, "not", "there"),
    socket: "/x",
    outliveDaemon: true,
    env: {},
    uid: 0,
  };
  const findings = await examine(patient);
  expect(findings.map(({ name }) => name)).toEqual([
    "keeper",
    "cgroup",
    "systemd",
    "proc",
    "lock",
    "disk",
    "socket",
    "open files",
    "inotify",
    "clock",
  ]);
  for (const { status, advice } of findings) expect(advice === undefined).toBe(status === "ok");
});

it("tells what it cannot look at", async () => {
  const patient = {
    get dataDir(): string {
      throw new Error("EMFILE");
    },
    socket: undefined,
    outliveDaemon: true,
    env: {},
    uid: 0,
  };
  const disk = (await examine(patient)).find(({ name }) => name === "disk");
  expect(disk).toMatchObject({
    status: "limited",
    detail: expect.stringMatching("cannot be looked at") as string,
  });
});

describeIf(process.platform === "linux", "Linux", "the keeper", () => {
  it("is looked for, run, and may be switched off", async () => {
    const used = { outliveDaemon: true };
    // Without an argument of our own the program that was built is taken, where there is one.
    expect((await examineKeeper(used)).status).toBe(keeperProgram() === undefined ? "limited" : "ok");
    expect(await examineKeeper(used, "/bin/true")).toMatchObject({ status: "ok" });
    expect((await examineKeeper(used, "/bin/false")).detail).toMatch("does not run (");
    expect((await examineKeeper(used, join(folder, "none"))).detail).toMatch("ENOENT");
    expect((await examineKeeper({ outliveDaemon: false }, "/bin/true")).advice).toMatch(
      "commands.outliveDaemon",
    );
  });
});

describe("what supervises", () => {
  it("is the kernel where its controllers are delegated", async () => {
    const look = (controllers: string[], obstacle?: string) => () =>
      Promise.resolve({ folder: "/g", controllers, ...(obstacle === undefined ? {} : { obstacle }) });
    expect((await examineCgroup(look(["memory", "pids", "cpu"]))).status).toBe("ok");
    expect((await examineCgroup(look(["pids"]))).advice).toBe("delegate memory and cpu as well");
    const refused = await examineCgroup(look([], "it is shared"));
    expect(refused).toMatchObject({
      status: "limited",
      detail: expect.stringMatching("^it is shared; ") as string,
    });
    expect(refused.advice).toMatch("Delegate=yes");
  });

  it("is a service manager where one runs", async () => {
    const patient = { env: { XDG_RUNTIME_DIR: folder }, uid: 1 };
    expect(examineServiceManager(patient).status).toBe("limited");
    await mkdir(join(folder, "systemd"));
    await writeFile(join(folder, "systemd", "private"), "");
    expect(examineServiceManager(patient).status).toBe("ok");
    expect(examineServiceManager({ env: {}, uid: 4_000_000 }).status).toBe("limited");
  });
});

describe("the machine", () => {
  it.each([
    ["64", "trouble"],
    ["512", "limited"],
    ["1024", "ok"],
    ["unlimited", "ok"],
  ])("lets a process have %s files open: %s", async (limit, status) => {
    const file = join(folder, "limits");
    await writeFile(file, `Max processes 1\nMax open files            ${limit}    4096   files\n`);
    expect(examineOpenFiles(file).status).toBe(status);
    expect(examineOpenFiles(join(folder, "none")).status).toBe("ok");
  });

  it("lets folders be watched, or few of them", async () => {
    expect(examineInotify(folder).status).toBe("ok");
    await writeFile(join(folder, "max_user_watches"), "4096\n");
    expect(examineInotify(folder)).toMatchObject({ status: "limited" });
    await writeFile(join(folder, "max_user_watches"), "65536\n");
    expect(examineInotify(folder).status).toBe("ok");
  });

  it("has flock on its PATH, or not", async () => {
    expect(examineLock({ env: { PATH: folder } }).status).toBe(
      process.platform === "darwin" ? "ok" : "limited",
    );
    await writeFile(join(folder, "flock"), "");
    expect(examineLock({ env: { PATH: `/not/there:${folder}` } }).status).toBe("ok");
  });

  it("has a clock that can be right, or one that was never set", () => {
    expect(examineClock().status).toBe("ok");
    expect(examineClock(0)).toMatchObject({
      status: "trouble",
      detail: expect.stringMatching("1970") as string,
    });
  });
});

describe("the places", () => {
  it("are on a disk with room, in a folder of one's own", async () => {
    const open = join(folder, "open");
    await mkdir(open);
    await chmod(open, 0o755);
    expect(await examineDisk({ dataDir: open })).toMatchObject({
      status: "trouble",
      advice: `chmod 700 ${open}`,
    });
    await chmod(open, 0o700);
    expect((await examineDisk({ dataDir: open })).status).not.toBe("trouble");
  });

  it("have a path that the kernel takes whole", () => {
    expect(examineSocket({ socket: undefined }).status).toBe("ok");
    expect(examineSocket({ socket: `/${"é".repeat(60)}` })).toMatchObject({ status: "trouble" });
    expect(examineSocket({ socket: `/${"e".repeat(60)}` }).status).toBe("ok");
  });
});

describeIf(process.platform === "linux", "/dev/shm", "a folder in memory", () => {
  it("is said to be gone after a restart", async () => {
    const shm = await mkdtemp("/dev/shm/sessiond-test-");
    const found = await examineDisk({ dataDir: shm });
    await rm(shm, { recursive: true });
    expect(found.detail).toMatch(/in memory|free/);
  });
});
