import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenOnSocket } from "../../src/server/listen.js";
import type { Listening } from "../../src/server/listen.js";
import { publishSocket, removeOwnSocket, SocketBusyError } from "../../src/server/socketFile.js";

let base: string;
let path: string;
let opened: Listening[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sessiond-socket-"));
  path = join(base, "run", "sessiond.sock");
  opened = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const listening of opened) await listening.close();
  rmSync(base, { recursive: true });
});

async function listen(at = path): Promise<void> {
  const onConnection = (socket: Socket): unknown => socket.destroy();
  opened.push(await listenOnSocket({ path: at, onConnection, maxConnections: 10 }));
}

describe("a path that cannot be had", () => {
  it("because somebody answers there", async () => {
    mkdirSync(join(base, "run"), { mode: 0o700 });
    await listen();
    const first = lstatSync(path).ino;
    const attempt = listen();
    await expect(attempt).rejects.toBeInstanceOf(SocketBusyError);
    await expect(attempt).rejects.toThrow(path);
    expect(lstatSync(path).ino).toBe(first);
  });

  it("because a daemon that is stopped has it", async () => {
    mkdirSync(join(base, "run"), { mode: 0o700 });
    const script = `require("net").createServer().listen(${JSON.stringify(path)}, 1, () => console.log("up"))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill("SIGSTOP");
      // Its queue takes the first attempts, and says so when it is full.
      for (let attempt = 0; attempt < 4; attempt++)
        await expect(listen()).rejects.toBeInstanceOf(SocketBusyError);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("because it is no socket", async () => {
    mkdirSync(join(base, "run"), { mode: 0o700 });
    writeFileSync(path, "precious");
    await expect(listen()).rejects.toThrow("is not a socket");
    expect(statSync(path).size).toBe(8);
    unlinkSync(path);
    symlinkSync("elsewhere", path);
    await expect(listen()).rejects.toThrow("is not a socket");
  });

  it("because the folder is not the user's alone", async () => {
    mkdirSync(join(base, "run"));
    chmodSync(join(base, "run"), 0o777);
    await expect(listen()).rejects.toThrow("can be written by other users");
    rmSync(join(base, "run"), { recursive: true });
    mkdirSync(join(base, "real"), { mode: 0o700 });
    symlinkSync("real", join(base, "run"));
    await expect(listen()).rejects.toThrow("symbolic link");
  });

  it("because the kernel would cut it", async () => {
    const most = process.platform === "linux" ? 107 : 103;
    const longest = (bytes: number) => join(base, "s".repeat(bytes - base.length - 1));
    await listen(longest(most));
    expect(existsSync(longest(most))).toBe(true);
    await expect(listen(longest(most + 1))).rejects.toThrow(`${most + 1} bytes`);
    // The name while it binds is longer than this one.
    const folder = join(base, "f".repeat(most - base.length - 3));
    await expect(listen(join(folder, "s"))).rejects.toThrow("Choose a shorter one");
    expect(existsSync(folder)).toBe(false);
  });

  it("because the system refuses, and nothing is left behind", async () => {
    const before = process.umask();
    // The last moment before it binds, to lose the folder in.
    vi.spyOn(process, "umask").mockImplementationOnce(() => {
      rmSync(join(base, "run"), { recursive: true });
      return before;
    });
    await expect(listen()).rejects.toMatchObject({ syscall: "listen" });
    expect(process.umask()).toBe(before);
    expect(readdirSync(base)).toEqual([]);
  });
});

describe("the file of the socket", () => {
  it("is not there half when it cannot get its name", async () => {
    await expect(publishSocket(join(base, "missing"), path)).rejects.toMatchObject({ code: "ENOENT" });
    mkdirSync(join(base, "run"), { mode: 0o700 });
    mkdirSync(join(base, "in-the-way"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(base, "temporary"), resolve));
    await expect(publishSocket(join(base, "temporary"), join(base, "in-the-way"))).rejects.toThrow("rename");
    await new Promise((resolve) => server.close(resolve));
  });

  it("is removed by its identity, and what the system says against it is told", async () => {
    writeFileSync(join(base, "file"), "");
    await removeOwnSocket(join(base, "file"), { dev: 0, ino: 0 });
    expect(existsSync(join(base, "file"))).toBe(true);
    await removeOwnSocket(join(base, "file", "x"), { dev: 0, ino: 0 });
    await expect(removeOwnSocket(`${base}/\0`, { dev: 0, ino: 0 })).rejects.toThrow("null bytes");
  });
});
