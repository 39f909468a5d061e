import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, createServer, type Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { withSharedReads } from "../../src/server/sharedReads.js";

let folder: string;
let server: Server;
let path: string;
/** The sockets as they are served, in the order in which they came. */
let served: Socket[];
let took: Buffer[];
const clients: Socket[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-reads-"));
  path = join(folder, "socket");
  served = [];
  took = [];
  server = createServer({ allowHalfOpen: true }, (accepted) => {
    const socket = withSharedReads(accepted);
    if (socket === accepted) throw new Error("the socket was left as it is");
    served.push(socket);
    socket.on("data", (chunk: Buffer) => {
      took.push(chunk);
      socket.write(`${chunk.toString()}!`);
    });
    socket.on("end", () => socket.end("bye"));
  });
  server.listen(path);
  await once(server, "listening");
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const socket of served) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function client(): Promise<Socket> {
  const socket = connect(path);
  clients.push(socket);
  await once(socket, "connect");
  return socket;
}

async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}

function connectionCount(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

describe("an accepted socket with shared reads", () => {
  it("reads what each peer sends, all into the same memory", async () => {
    const [one, other] = [await client(), await client()];
    expect(await answerTo(one, "one")).toBe("one!");
    expect(await answerTo(other, "two")).toBe("two!");
    expect(took[0]?.buffer).toBe(took[1]?.buffer);
    // The second read went over the first: whoever listens has to copy.
    expect(took[0]?.toString()).toBe("two");
  });

  it("takes a message that is longer than the memory, in pieces", async () => {
    const one = await client();
    const long = "x".repeat(300_000);
    let size = 0;
    const all = new Promise<void>((resolve) => {
      one.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size >= long.length + took.length) resolve();
      });
    });
    one.write(long);
    await all;
    expect(took.length).toBeGreaterThan(4);
  });

  it("reads nothing while it is paused, and goes on after", async () => {
    const one = await client();
    expect(await answerTo(one, "first")).toBe("first!");
    served[0]?.pause();
    one.write("second");
    const other = await client();
    expect(await answerTo(other, "other")).toBe("other!");
    expect(took).toHaveLength(2);
    const answer = once(one, "data");
    served[0]?.resume();
    expect(String((await answer)[0])).toBe("second!");
  });

  it("hears the end of its peer, still answers, and is counted by the server until it is gone", async () => {
    const one = await client();
    expect(await answerTo(one, "a")).toBe("a!");
    expect(await connectionCount()).toBe(1);
    const answer = once(one, "data");
    one.end();
    expect(String((await answer)[0])).toBe("bye");
    await once(one, "close");
    const [socket] = served;
    if (socket?.closed === false) await once(socket, "close");
    expect(await connectionCount()).toBe(0);
  });

  it("is left as it is where Node has no handle to take over", () => {
    const bare = new Socket();
    expect(withSharedReads(bare)).toBe(bare);
    bare.destroy();
  });
});
