import { spawn } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listenOnSocket } from "../../src/server/listen.js";
import type { Listening, ListenOptions } from "../../src/server/listen.js";
import { compileModule } from "./compile.js";

let base: string;
let path: string;
let opened: Listening[];
let others: Server[];
let clients: Socket[];
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), "sessiond-listen-"));
  path = join(base, "run", "sessiond.sock");
  opened = [];
  others = [];
  clients = [];
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const client of clients) client.destroy();
  for (const listening of opened) await listening.close();
  for (const other of others) await new Promise((resolve) => other.close(resolve));
  rmSync(base, { recursive: true });
});

const echo = (socket: Socket) => socket.pipe(socket);

async function listen(options: Partial<ListenOptions> = {}): Promise<Listening> {
  const listening = await listenOnSocket({ path, onConnection: echo, maxConnections: 10, ...options });
  opened.push(listening);
  return listening;
}

/** A connected client that keeps what it hears. */
async function dial(to = path) {
  const socket = connect({ path: to, allowHalfOpen: true });
  clients.push(socket);
  let heard = "";
  socket.on("data", (chunk) => (heard += chunk.toString()));
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const ended = new Promise((resolve) => socket.once("end", resolve));
  await new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("error", reject);
  });
  return { socket, closed, ended, heard: () => heard };
}

const connections = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count)));

async function otherServer(at: string): Promise<void> {
  const server = createServer((socket) => socket.destroy());
  others.push(server);
  await new Promise<void>((resolve) => server.listen(at, resolve));
}

/** Leaves a socket behind as a killed process does: bound, and nobody listening. */
async function leaveSocket(at: string): Promise<void> {
  const script = `require("net").createServer().listen(${JSON.stringify(at)}, () => process.kill(process.pid, "SIGKILL"))`;
  const child = spawn(process.execPath, ["-e", script], { stdio: "inherit" });
  await new Promise((resolve) => child.once("exit", resolve));
  expect(lstatSync(at).isSocket()).toBe(true);
}

describe("the socket", () => {
  it("is the user's alone, in a folder that is, and nothing else lies there", async () => {
    const before = process.umask();
    const { path: listening } = await listen();
    expect(listening).toBe(path);
    expect(process.umask()).toBe(before);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(base, "run")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(base, "run"))).toEqual(["sessiond.sock"]);
  });

  it("answers a client that ended its side already", async () => {
    const answerLater = (socket: Socket) =>
      socket.resume().once("end", () => setImmediate(() => socket.end("the answer")));
    await listen({ onConnection: answerLater });
    const client = await dial();
    client.socket.end("a question");
    await client.ended;
    expect(client.heard()).toBe("the answer");
  });

  it("takes the place of one that a dead daemon left", async () => {
    mkdirSync(join(base, "run"), { mode: 0o700 });
    await leaveSocket(path);
    await listen();
    (await dial()).socket.destroy();
  });
});

describe("over the limit", () => {
  it("tells the newest why, closes it, and leaves the others alone", async () => {
    const { server } = await listen({ maxConnections: 2 });
    const first = await dial();
    const second = await dial();
    const third = await dial();
    third.socket.write('{"jsonrpc":"2.0","id":1,"method":"daemon/ping"}\n');
    await third.ended;
    expect(third.heard().endsWith("\n")).toBe(true);
    expect(JSON.parse(third.heard())).toEqual({
      jsonrpc: "2.0",
      id: null,
      error: {
        code: -32005,
        message: "The daemon serves 2 connections at once, and all of them are taken.",
        data: { type: "limit_reached", limit: "connections", maximum: 2, hint: expect.any(String) },
      },
    });
    // It does not end its own side, and is let go all the same.
    await vi.waitFor(async () => expect(await connections(server)).toBe(2), { timeout: 10_000 });
    for (const client of [first, second]) {
      client.socket.end("still here");
      await client.ended;
      expect(client.heard()).toBe("still here");
    }
    await first.closed;
    const fourth = await dial();
    fourth.socket.end("served again");
    await fourth.ended;
    expect(fourth.heard()).toBe("served again");
  });
});

describe("trouble with a connection", () => {
  it("stays with that connection", async () => {
    const warn = vi.fn<(fields: object, message: string) => void>();
    let count = 0;
    await listen({
      log: { warn },
      onConnection: (socket) => {
        count += 1;
        if (count === 1) throw new Error("cannot be served");
        if (count === 2) socket.destroy(new Error("broken"));
        else echo(socket);
      },
    });
    for (let broken = 0; broken < 2; broken++) {
      const client = await dial();
      await client.ended;
    }
    const third = await dial();
    third.socket.end("x");
    await third.ended;
    expect(third.heard()).toBe("x");
    expect(warn.mock.calls.map(([fields]) => fields)).toMatchObject([{ event: "connection.failed" }]);
  });

  it("of the server is told now and then and not each time", async () => {
    const warn = vi.fn<(fields: object, message: string) => void>();
    const now = vi.spyOn(performance, "now").mockReturnValue(0);
    try {
      const { server } = await listen({ log: { warn } });
      const fail = () => server.emit("error", Object.assign(new Error("EMFILE"), { code: "EMFILE" }));
      for (let turn = 0; turn < 5; turn++) fail();
      now.mockReturnValue(10_000);
      fail();
    } finally {
      now.mockRestore();
    }
    expect(warn.mock.calls.map(([fields]) => fields)).toMatchObject([{ unsaid: 0 }, { unsaid: 4 }]);
  });

  it.runIf(process.platform === "linux")("out of descriptors ends nothing", async () => {
    const built = join(base, "built");
    const module = compileModule("server/listen.ts", built);
    writeFileSync(join(built, "package.json"), '{"type": "module"}');
    writeFileSync(
      join(built, "main.js"),
      `import { listenOnSocket } from ${JSON.stringify(module)};
       const onConnection = (socket) => socket.pipe(socket);
       await listenOnSocket({ path: process.argv[2], onConnection, maxConnections: 1_000 });
       console.log("up");`,
    );
    const command = `ulimit -n 48; exec "$0" "$@"`;
    const child = spawn("sh", ["-c", command, process.execPath, join(built, "main.js"), path], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      expect(await lines.next()).toMatchObject({ value: "up" });
      const early = await dial();
      const crowd = await Promise.all(Array.from({ length: 60 }, () => dial()));
      // Those that it has no descriptor for are closed at once; it does not run in circles over them.
      await Promise.race(crowd.map((client) => client.ended));
      early.socket.end("still served");
      await early.ended;
      expect(early.heard()).toBe("still served");
      for (const client of crowd) client.socket.destroy();
      await vi.waitFor(
        async () => {
          const late = await dial();
          late.socket.on("error", () => undefined);
          late.socket.end("served again");
          await late.ended;
          expect(late.heard()).toBe("served again");
        },
        { timeout: 10_000 },
      );
      expect(child.exitCode).toBeNull();
    } finally {
      child.kill("SIGKILL");
    }
  });
});

describe("closing", () => {
  it("ends connections, removes the socket, and can be asked for again", async () => {
    const listening = await listen({ onConnection: (socket) => socket.write("last words") });
    const client = await dial();
    const closing = listening.close();
    await client.ended;
    expect(client.heard()).toBe("last words");
    client.socket.end();
    await closing;
    await listening.close();
    expect(readdirSync(join(base, "run"))).toEqual([]);
    await expect(dial()).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("does not wait for a peer that neither reads nor ends", async () => {
    const listening = await listen({
      closeWithinMs: 10,
      onConnection: (socket) => socket.write("x".repeat(4_000_000)),
    });
    const client = await dial();
    client.socket.pause();
    await listening.close();
    expect(existsSync(path)).toBe(false);
  });

  it("leaves a successor's socket alone", async () => {
    const listening = await listen();
    unlinkSync(path);
    await otherServer(path);
    const successor = lstatSync(path).ino;
    await listening.close();
    expect(lstatSync(path).ino).toBe(successor);
    (await dial()).socket.destroy();
  });

  it("does not mind that the socket is gone, or its folder", async () => {
    const listening = await listen();
    rmSync(join(base, "run"), { recursive: true });
    await listening.close();
  });
});
