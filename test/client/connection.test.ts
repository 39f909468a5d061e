import { afterEach, describe, expect, it } from "vitest";

import type { Client, ConnectOptions } from "../../client/index.js";
import { ClientClosedError, connect, ForeignPeerError } from "../../client/index.js";
import { eventually } from "./eventually.js";
import type { Script } from "./scriptedDaemon.js";
import { ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";

const RETRY = { initialIntervalMs: 1, maximumIntervalMs: 5, jitter: 0 };

let daemon: ScriptedDaemon;
let client: Client | undefined;

async function start(scripts: Record<string, Script> = {}, options: ConnectOptions = {}): Promise<Client> {
  daemon = await ScriptedDaemon.start(scripts);
  client = await connect({ socket: daemon.socket, retry: RETRY, ...options });
  return client;
}

afterEach(async () => {
  await client?.close();
  client = undefined;
  await daemon.stop();
});

describe("a peer that is not to be trusted", () => {
  it.each([
    ["no JSON", "bla\n"],
    ["no JSON-RPC", "42\n"],
    ["no UTF-8", Buffer.from([0xff, 0x0a])],
  ])("sends what is %s: the calls fail, and are not made again", async (_, bytes) => {
    const client = await start({
      "session/get": ({ peer }) => {
        peer.stream.write(bytes);
        return SILENCE;
      },
    });
    await expect(client.session.get({ sessionId: "a" })).rejects.toThrow(ForeignPeerError);
    expect(daemon.of("session/get")).toHaveLength(1);
    await expect(client.daemon.ping()).resolves.toMatchObject({ pong: true });
  });

  it("refuses without saying whom: its own words reach every caller", async () => {
    const client = await start({
      "session/get": ({ peer }) => {
        const error = { code: -32600, message: "too long", data: { type: "invalid_request" } };
        peer.send({ id: null, error });
        return SILENCE;
      },
    });
    await expect(client.session.get({ sessionId: "a" })).rejects.toMatchObject({ type: "invalid_request" });
  });
});

describe("close", () => {
  it("rejects what is under way and what comes after, and can be called twice", async () => {
    const client = await start({ "command/wait": () => SILENCE });
    const waiting = client.command.wait({ commandId: "c" });
    await eventually(() => expect(daemon.of("command/wait")).toHaveLength(1));
    const closed = client.close();
    await expect(waiting).rejects.toThrow(ClientClosedError);
    await closed;
    await client.close();
    await expect(client.daemon.ping()).rejects.toThrow(ClientClosedError);
    await eventually(() => expect(daemon.peers.size).toBe(0));
  });

  it("ends the waiting for a daemon that is away", async () => {
    const client = await start();
    await daemon.hush();
    const waiting = client.daemon.ping();
    const closed = client.close();
    await expect(waiting).rejects.toThrow(ClientClosedError);
    await closed;
  });

  it("comes while the client connects anew: the new connection is closed too", async () => {
    const client = await start();
    let greeted = (): void => undefined;
    daemon.scripts["daemon/hello"] = () =>
      new Promise((resolve) => {
        greeted = () => resolve({});
      });
    daemon.drop();
    const waiting = client.daemon.ping();
    await eventually(() => expect(daemon.of("daemon/hello")).toHaveLength(2));
    const closed = client.close();
    await expect(waiting).rejects.toThrow(ClientClosedError);
    greeted();
    await closed;
    await eventually(() => expect(daemon.peers.size).toBe(0));
  });

  it("happens by itself at the end of a block", async () => {
    const client = await start();
    {
      await using _ = client;
      await client.daemon.ping();
    }
    await expect(client.daemon.ping()).rejects.toThrow("The client is closed");
  });
});
