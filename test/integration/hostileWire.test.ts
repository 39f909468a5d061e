import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import { Peer } from "../support/peer.js";
import type { WireMessage } from "../support/wireCheck.js";
import { until, within } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

/** Sends a text as one line and answers the one line that comes back, whatever its id. */
async function exchange(peer: Peer, text: string | Buffer): Promise<WireMessage[]> {
  const before = peer.others.length;
  peer.write(text);
  peer.write("\n");
  await peer.when("an answer", () => peer.others.length > before);
  return peer.others.slice(before);
}

function typeOf(message: WireMessage | undefined): unknown {
  return (message?.error?.data as { type?: unknown } | undefined)?.type;
}

const PING = '{"jsonrpc":"2.0","id":"p","method":"daemon/ping"}';

describe("malformed messages", () => {
  it("S1.9 what is no JSON, and what is JSON but no request, is answered as the standard says", async () => {
    const peer = await daemon().peer();
    const cases: [string | Buffer, string][] = [
      ["{", "parse_error"],
      ["nonsense", "parse_error"],
      ['{"jsonrpc":"2.0","id":1,"method":"daemon/ping"', "parse_error"],
      [`${PING}${PING}`, "parse_error"],
      ["[1,2", "parse_error"],
      [Buffer.from([0xff, 0xfe, 0x7b, 0x7d]), "parse_error"],
      [Buffer.from([0x22, 0xc3, 0x28, 0x22]), "parse_error"],
      ["\0\0\0", "parse_error"],
      ["\uFEFF{}", "parse_error"],
      ["null", "invalid_request"],
      ["1", "invalid_request"],
      ['"x"', "invalid_request"],
      ["{}", "invalid_request"],
      ["[]", "invalid_request"],
      ['{"jsonrpc":"1.0","method":"daemon/ping","id":"x"}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":1,"id":"x"}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","params":"x","id":"x"}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","params":null,"id":"x"}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","id":{}}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","id":[1]}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","id":true}', "invalid_request"],
      ['{"jsonrpc":"2.0","method":"daemon/ping","id":12345678901234567890}', "invalid_request"],
    ];
    for (const [text, type] of cases) {
      const answers = await exchange(peer, text);
      expect(answers.map(typeOf), text.toString()).toEqual([type]);
    }
    expect(await peer.call("daemon/ping")).toMatchObject({ pong: true });
  });

  it("S1.9 empty lines, CR LF, blanks around it, and one byte at a time are no fault", async () => {
    const peer = await daemon().peer();
    peer.write("\n\n\r\n");
    expect((await exchange(peer, `  ${PING}  \r`))[0]).toMatchObject({ id: "p", result: { pong: true } });
    const before = peer.others.length;
    peer.check.sent('{"jsonrpc":"2.0","id":"€","method":"daemon/ping"}');
    for (const byte of Buffer.from('{"jsonrpc":"2.0","id":"€","method":"daemon/ping"}\n')) {
      peer.socket.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await peer.when("the answer", () => peer.others.length > before);
    expect(peer.others.at(-1)).toMatchObject({ id: "€", result: { pong: true } });
  });

  it("S1.9 batches: answered in one line, as an array, also of one; over the limit not at all", async () => {
    const peer = await daemon().peer();
    const ping = (id: number) => ({ jsonrpc: "2.0", id: `b${id}`, method: "daemon/ping" });
    const note = { jsonrpc: "2.0", method: "daemon/ping" };
    const lines: string[] = [];
    peer.socket.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    const whole = (): unknown =>
      lines.join("").endsWith("\n") ? JSON.parse(lines.splice(0).join("")) : undefined;
    await exchange(peer, JSON.stringify([ping(1)]));
    expect(whole()).toEqual([expect.objectContaining({ id: "b1" })]);
    await exchange(peer, JSON.stringify([ping(1), 1, note, null, ping(2), [ping(3)]]));
    const mixed = whole() as WireMessage[];
    expect(mixed.map((message) => message.id)).toEqual(["b1", null, null, "b2", null]);
    // Notifications are carried out and not answered: what comes next is the answer to the next.
    peer.send([note, note]);
    peer.send(note);
    await exchange(peer, PING);
    expect(whole()).toMatchObject({ id: "p" });
    const [refused, ...none] = await exchange(
      peer,
      JSON.stringify(Array.from({ length: 1_001 }, () => note)),
    );
    expect(refused?.error).toMatchObject({ data: { type: "invalid_request", limit: "batchLength" } });
    expect(none).toEqual([]);
    const most = await exchange(
      peer,
      JSON.stringify(Array.from({ length: 1_000 }, (_, index) => ping(index))),
    );
    expect(most).toHaveLength(1_000);
  });

  it("S1.9 nesting so deep that nobody needs it is refused, at any place, and stores nothing", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const deep = (levels: number, open: string, close: string): string =>
      `${open.repeat(levels)}${close.repeat(levels)}`;
    const deepObject = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
    for (const levels of [65, 100_000]) {
      for (const value of [deep(levels, "[", "]"), deepObject(levels)]) {
        const texts = [
          `{"jsonrpc":"2.0","id":"d","method":"session/record","params":{"sessionId":"${sessionId}","action":"a","details":${value}}}`,
          `{"jsonrpc":"2.0","id":"d","method":"metadata/set","params":{"sessionId":"${sessionId}","key":"k","value":${value}}}`,
        ];
        for (const text of texts) expect(typeOf((await exchange(peer, text))[0])).toBe("invalid_params");
      }
      const texts = [
        deep(levels, "[", "]"),
        deepObject(levels),
        `{"jsonrpc":"2.0","id":${deep(levels, "[", "]")},"method":"daemon/ping"}`,
        `{"jsonrpc":"2.0","id":"d","method":"daemon/ping","params":${deep(levels, "[", "]")}}`,
        `{"jsonrpc":"2.0","id":"d","method":"session/list","params":{"tags":${deep(levels, "[", "]")}}}`,
        `{"jsonrpc":"2.0","id":"d","method":"session/create","params":{"config":${deepObject(levels)}}}`,
      ];
      for (const text of texts) {
        const [answer] = await exchange(peer, text);
        expect(["invalid_request", "invalid_params", "parse_error"]).toContain(typeOf(answer));
      }
    }
    const most = `{"jsonrpc":"2.0","id":"d","method":"session/record","params":{"sessionId":"${sessionId}","action":"a","details":${deep(64, "[", "]")}}}`;
    expect((await exchange(peer, most))[0]).toHaveProperty("result");
    expect(await peer.call("session/get", { sessionId })).toMatchObject({ activities: 1, metadata: {} });
  });
});

describe("peers that come and go as they like", () => {
  it("S1.9 one that ends its side still gets its answers, also those that take a while", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const half = await daemon().peer();
    const run = half.call("command/run", { sessionId, argv: ["sh", "-c", "sleep 0.2; exit 4"] });
    const ping = half.call("daemon/ping");
    half.end();
    expect(await ping).toMatchObject({ pong: true });
    expect(await run).toMatchObject({ exitCode: 4 });
    await within("the end", half.whenGone());
    // As printf into nc does it: the last line without its newline, and the end.
    const last = await daemon().peer();
    const answer = last.answerTo("p");
    last.check.sent(PING);
    last.socket.end(PING);
    expect(await answer).toMatchObject({ result: { pong: true } });
    await within("the end", last.whenGone());
  });

  it("S1.9 one that vanishes in the midst of things harms nobody", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create");
    const before = await peer.call("daemon/status");
    for (let index = 0; index < 40; index += 1) {
      const rude = await Peer.open(daemon().socket);
      rude.call("session/record", { sessionId, action: "x" }).catch(() => undefined);
      rude.call("event/subscribe", { sinceSeq: 0 }).catch(() => undefined);
      rude.call("command/wait", { commandId: "none" }).catch(() => undefined);
      rude.socket.write('{"jsonrpc":"2.0","id":1,"meth');
      if (index % 2 === 0) rude.socket.pause();
      rude.close();
    }
    await peer.call("session/touch", { sessionId });
    await until("them to be forgotten", async () => {
      const { connections, subscriptions } = await peer.call("daemon/status");
      return connections === before.connections && subscriptions === 0;
    });
  });

  it("S1.9 as many unanswered requests as it likes: so many are begun, the others wait, and nobody else does", async () => {
    const [greedy, other] = [await daemon().peer(), await daemon().peer()];
    const { sessionId } = await other.call("session/create");
    const { commandId } = await other.call("command/start", { sessionId, argv: ["sleep", "100"] });
    const waits = Array.from({ length: 600 }, () => greedy.call("command/wait", { commandId }));
    for (let index = 0; index < 50; index += 1) await other.call("session/touch", { sessionId });
    await other.call("command/signal", { commandId });
    const ended = await within("all of them", Promise.all(waits));
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(["cancelled"]));
  });

  it("S1.9 two hundred at once are all served; over the limit one is told so, and let go", async () => {
    const own = await daemonForTest({ config: { limits: { connections: 200 } } });
    const peers = await Promise.all(Array.from({ length: 200 }, () => own.peer()));
    const [first] = peers as [Peer];
    const created = await Promise.all(
      peers.map((peer, index) => peer.call("session/create", { sessionId: `s${index}` })),
    );
    expect(new Set(created.map(({ seq }) => seq)).size).toBe(200);
    const surplus = await Promise.all(Array.from({ length: 30 }, () => own.peer()));
    for (const peer of surplus) {
      await within("its refusal", peer.whenGone());
      expect(peer.others[0]).toMatchObject({
        id: null,
        error: { data: { type: "limit_reached", limit: "connections" } },
      });
    }
    expect((await first.call("daemon/status")).connections).toBe(200);
    expect(await first.call("daemon/health")).toMatchObject({ status: "degraded" });
    await Promise.all(peers.map((peer) => peer.call("daemon/ping")));
    peers.at(-1)?.close();
    await until("room for one", async () => {
      const peer = await own.peer();
      return peer.call("daemon/ping").then(
        () => true,
        () => false,
      );
    });
  });
});
