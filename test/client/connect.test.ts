import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { duplexPair } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Client } from "../../client/index.js";
import { connect, ConnectionLostError, NotRunningError, StartFailedError } from "../../client/index.js";
import { connectionError } from "../../client/openSocket.js";
import { ownProgram } from "../../client/ownPackage.js";
import { ownStartCommand } from "../../client/startDaemon.js";
import { eventually } from "./eventually.js";
import { refusal, ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";

const RETRY = { initialIntervalMs: 1, maximumIntervalMs: 5, jitter: 0 };

let dir: string;
let daemon: ScriptedDaemon | undefined;
let client: Client | undefined;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-connect-"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await client?.close();
  await daemon?.stop();
  client = daemon = undefined;
  await rm(dir, { recursive: true, force: true });
});

describe("connect", () => {
  it("finds the socket by itself", async () => {
    daemon = await ScriptedDaemon.start();
    vi.stubEnv("SESSIOND_SOCKET", daemon.socket);
    client = await connect();
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });

  it("says that nobody is there, and how to start it", async () => {
    const socket = join(dir, "none.sock");
    const error = await connect({ socket }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(NotRunningError);
    expect(error).toMatchObject({ socket, cause: { code: "ENOENT" } });
    expect((error as Error).message).toContain(socket);
    expect((error as Error).message).toContain("sessiond start");
  });

  it("says the same of a socket that a dead daemon left, or of what is no socket", async () => {
    const socket = join(dir, "file");
    await writeFile(socket, "");
    await expect(connect({ socket })).rejects.toMatchObject({
      name: "NotRunningError",
      cause: { code: "ECONNREFUSED" },
    });
  });

  it("tells a daemon that is overrun, which can pass, from a socket of somebody else, which cannot", () => {
    const failing = (code: string): Error => Object.assign(new Error(`connect ${code} /s`), { code });
    expect(connectionError("/s", failing("EAGAIN"))).toBeInstanceOf(ConnectionLostError);
    expect(connectionError("/s", failing("EACCES")).message).toContain("belongs to another user");
    expect(connectionError("/s", failing("EPERM"))).toMatchObject({ cause: { code: "EPERM" } });
  });

  it("passes on what else the system says", async () => {
    await writeFile(join(dir, "file"), "");
    await expect(connect({ socket: join(dir, "file", "d.sock") })).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it("passes on that the daemon speaks another version", async () => {
    daemon = await ScriptedDaemon.start({
      "daemon/hello": () => {
        throw refusal("unsupported_protocol");
      },
    });
    await expect(connect({ socket: daemon.socket })).rejects.toMatchObject({ type: "unsupported_protocol" });
    await eventually(() => expect(daemon?.peers.size).toBe(0));
  });

  it("waits for the successor of a daemon that shuts down", async () => {
    let refusals = 0;
    daemon = await ScriptedDaemon.start({
      "daemon/hello": () => {
        if (refusals++ < 2) throw refusal("shutting_down");
        return { limits: {}, idempotency: { keepMs: 1 } };
      },
    });
    client = await connect({ socket: daemon.socket, retry: RETRY });
    expect(refusals).toBe(3);
  });

  it("gives up a daemon that does not answer", async () => {
    daemon = await ScriptedDaemon.start({ "daemon/hello": () => SILENCE });
    const error = await connect({ socket: daemon.socket, connectTimeoutMs: 30 }).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(ConnectionLostError);
    expect((error as Error).message).toContain("did not answer within 30 ms");
    await eventually(() => expect(daemon?.peers.size).toBe(0));
  });
});

describe("another transport", () => {
  it("is opened, and opened again when it breaks", async () => {
    daemon = await ScriptedDaemon.start();
    const open = vi.fn(() => {
      const [ours, theirs] = duplexPair();
      daemon?.serve(theirs);
      return ours;
    });
    client = await connect({ open, retry: RETRY });
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
    // Not destroyed: the other half of a pair does not get to know that in every version of Node.
    for (const peer of daemon.peers) peer.stream.end();
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
    expect(open).toHaveBeenCalledTimes(2);
  });

  it("passes on why it cannot be opened, and goes on trying after a break", async () => {
    const broken = (): never => {
      throw new Error("no wire");
    };
    await expect(connect({ open: broken, autostart: true })).rejects.toThrow("no wire");
    daemon = await ScriptedDaemon.start();
    let opened = 0;
    const open = (): ReturnType<typeof duplexPair>[0] => {
      if (++opened === 2) broken();
      const [ours, theirs] = duplexPair();
      daemon?.serve(theirs);
      return ours;
    };
    client = await connect({ open, retry: RETRY });
    for (const peer of daemon.peers) peer.stream.end();
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
    expect(opened).toBe(3);
  });

  it("may take for ever to open where the caller says so", async () => {
    daemon = await ScriptedDaemon.start();
    const open = async (): Promise<ReturnType<typeof duplexPair>[0]> => {
      await delay(30);
      const [ours, theirs] = duplexPair();
      daemon?.serve(theirs);
      return ours;
    };
    client = await connect({ open, connectTimeoutMs: Number.POSITIVE_INFINITY });
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });

  it("is closed when it comes too late", async () => {
    const [ours] = duplexPair();
    let arrive = (): void => undefined;
    const open = (): Promise<typeof ours> =>
      new Promise((resolve) => {
        arrive = () => resolve(ours);
      });
    await expect(connect({ open, connectTimeoutMs: 5 })).rejects.toThrow("did not answer within 5 ms");
    arrive();
    await eventually(() => expect(ours.destroyed).toBe(true));
  });
});

describe("autostart", () => {
  it("is not asked for unless wanted, nor when somebody listens", async () => {
    daemon = await ScriptedDaemon.start();
    client = await connect({ socket: daemon.socket, autostart: ["false"] });
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });

  it("runs the command with the socket in its environment, and waits until somebody listens", async () => {
    const socket = join(dir, "d.sock");
    const note = join(dir, "note");
    const script = `require("node:fs").writeFileSync(${JSON.stringify(note)}, process.env.SESSIOND_SOCKET)`;
    const connecting = connect({ socket, autostart: [process.execPath, "-e", script], retry: RETRY });
    await eventually(() => expect(readFileSync(note, "utf8")).toBe(socket));
    // The daemon is there a moment after its starter has ended.
    const scripted = (daemon = await ScriptedDaemon.start());
    const server = createServer((stream) => scripted.serve(stream));
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    client = await connecting;
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
    server.close();
  });

  it("says why the daemon could not be started", async () => {
    const autostart = [process.execPath, "-e", 'console.error("no space"); process.exitCode = 3'];
    const error = await connect({ socket: join(dir, "d.sock"), autostart }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StartFailedError);
    expect((error as Error).message).toMatch(/ended with 3\nno space$/);
  });

  it("says that the command was killed, and that none was given", async () => {
    const socket = join(dir, "d.sock");
    const autostart = [process.execPath, "-e", "process.kill(process.pid, 'SIGKILL')"];
    await expect(connect({ socket, autostart })).rejects.toThrow("ended with SIGKILL");
    await expect(connect({ socket, autostart: [] })).rejects.toThrow(TypeError);
  });

  it("says that there is no such program", async () => {
    const autostart = [join(dir, "absent")];
    await expect(connect({ socket: join(dir, "d.sock"), autostart })).rejects.toThrow("ENOENT");
  });

  it("connects although its own start failed, when another program was faster", async () => {
    const scripted = (daemon = await ScriptedDaemon.start());
    await scripted.hush();
    const autostart = [process.execPath, "-e", "process.exitCode = 1"];
    const connecting = connect({ socket: scripted.socket, autostart, retry: RETRY });
    await scripted.listen();
    client = await connecting;
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });

  it("starts the sessiond that the client belongs to", () => {
    const [program, main, ...rest] = ownStartCommand();
    expect(program).toBe(process.execPath);
    expect(main).toBe(ownProgram());
    expect(rest).toEqual(["start", "--detach"]);
  });
});
