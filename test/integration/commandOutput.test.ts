import { setTimeout as pause } from "node:timers/promises";

import { beforeAll, describe, expect, it } from "vitest";

import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { within } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });
let peer: Peer;
let sessionId: string;

beforeAll(async () => {
  peer = await daemon().peer();
  ({ sessionId } = await peer.call("session/create"));
});

async function start(script: string, stdin?: string): Promise<string> {
  const input = stdin === undefined ? {} : { stdin };
  const { commandId } = await peer.call("command/start", { sessionId, argv: ["sh", "-c", script], ...input });
  return commandId;
}

/** Everything of a stream, in pieces of at most `limitBytes`, from the present or as it comes. */
async function readAll(
  commandId: string,
  options: {
    stream?: "stdout" | "stderr";
    limitBytes?: number;
    follow?: boolean;
    encoding?: "utf8" | "base64";
  },
): Promise<string[]> {
  const pieces: string[] = [];
  let sinceBytes = 0;
  for (;;) {
    const piece = await peer.call("command/output", { commandId, sinceBytes, ...options });
    if (piece.output !== "") pieces.push(piece.output);
    expect(piece.nextBytes).toBeLessThanOrEqual(piece.sizeBytes);
    if (piece.ended) return pieces;
    expect(options.follow === true || piece.nextBytes > sinceBytes).toBe(true);
    sinceBytes = piece.nextBytes;
  }
}

describe("output", () => {
  it("S0.2 both streams are kept apart, to the byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
    const commandId = await start(`printf '${octal}'; printf err >&2; printf '${octal}'`);
    await peer.call("command/wait", { commandId });
    for (const limitBytes of [4, 100, 65_536]) {
      const pieces = await readAll(commandId, { encoding: "base64", limitBytes });
      const whole = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
      expect(whole).toEqual(Buffer.concat([bytes, bytes]));
    }
    expect(await readAll(commandId, { stream: "stderr" })).toEqual(["err"]);
  });

  it("S0.2 no character is cut in two, whatever the size of the pieces", async () => {
    const text = "aé€😀".repeat(50);
    const commandId = await start("cat", text);
    await peer.call("command/wait", { commandId });
    for (const limitBytes of [4, 5, 6, 7, 11, 1_000]) {
      const pieces = await readAll(commandId, { limitBytes });
      expect(pieces.join(""), `${limitBytes}`).toBe(text);
      expect(pieces.every((piece) => !piece.includes("\uFFFD"))).toBe(true);
    }
  });

  it("S1.9 more of it than one batch may answer is left out, and said so", async () => {
    const commandId = await start("head -c 262144 /dev/zero | tr '\\0' x");
    await peer.call("command/wait", { commandId });
    const own = await daemon().peer();
    const params = { commandId, limitBytes: 262_144 };
    own.send(
      Array.from({ length: 1_000 }, (_, id) => ({ jsonrpc: "2.0", id, method: "command/output", params })),
    );
    const answers = await own.when("all answers", () => own.others.length === 1_000 && own.others);
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, id) => id));
    const refused = answers.filter(({ error }) => error !== undefined);
    for (const { error } of refused)
      expect(error?.data).toMatchObject({ type: "limit_reached", limit: "queueBytes" });
    // The queue's 4 MiB are outgrown by the 17th, whatever is under way by then.
    expect(answers.length - refused.length).toBeLessThanOrEqual(17);
    const notBegun = refused.filter(({ error }) => error?.message.includes("was not carried out"));
    expect(notBegun.length).toBeGreaterThan(900);
  });

  it("S0.2 a character that comes in two writes is waited for", async () => {
    const fifo = `${daemon().folder}/half`;
    const commandId = await start(
      `mkfifo '${fifo}'; printf 'a\\342\\202'; read x <'${fifo}'; printf '\\254b'`,
    );
    const first = await peer.call("command/output", { commandId, follow: true });
    expect(first).toMatchObject({ output: "a", nextBytes: 1, ended: false });
    const follow = peer.call("command/output", { commandId, follow: true, sinceBytes: 1 });
    await start(`echo go >'${fifo}'`);
    expect((await follow).output).toBe("€b");
  });

  it("S0.2 following sees all of it as it comes, up to the end", async () => {
    const commandId = await start("for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 0.03; done");
    const pieces = await readAll(commandId, { follow: true });
    expect(pieces.join("")).toBe([1, 2, 3, 4, 5, 6, 7, 8].map((i) => `line ${i}\n`).join(""));
    expect(pieces.length).toBeGreaterThan(1);
  });

  it("S0.2 whoever begins to follow in the very moment of the end is told so", async () => {
    for (let round = 0; round < 5; round += 1) {
      const commandId = await start(":");
      const follows: Promise<object>[] = [];
      const command = { isOver: false };
      while (!command.isOver && follows.length < 200) {
        const follow = peer.call("command/output", { commandId, follow: true, timeoutMs: 120_000 });
        follows.push(follow.finally(() => (command.isOver = true)));
        await pause(0);
      }
      for (const piece of await within("all followers", Promise.all(follows), 10_000)) {
        expect(piece).toEqual({ output: "", nextBytes: 0, sizeBytes: 0, ended: true });
      }
    }
  });

  it("S0.2 a following call answers when its time is up, also without anything new", async () => {
    const commandId = await start("sleep 100");
    const piece = await peer.call("command/output", { commandId, follow: true, timeoutMs: 50 });
    expect(piece).toEqual({ output: "", nextBytes: 0, sizeBytes: 0, ended: false });
    const waited = await peer.call("command/wait", { commandId, timeoutMs: 1 });
    expect(waited.status).toMatch(/starting|running/);
    await peer.call("command/signal", { commandId, signal: "SIGKILL" });
    await peer.call("command/wait", { commandId });
  });

  it("S0.2 reading from behind the end answers nothing, and no error", async () => {
    const commandId = await start("printf 12345");
    await peer.call("command/wait", { commandId });
    const behind = await peer.call("command/output", { commandId, sinceBytes: 1_000 });
    expect(behind).toMatchObject({ output: "", sizeBytes: 5, ended: true });
    const middle = await peer.call("command/output", { commandId, sinceBytes: 3 });
    expect(middle).toEqual({ output: "45", nextBytes: 5, sizeBytes: 5, ended: true });
  });

  it("S0.2 the client hands it out as text, piece by piece", async () => {
    const client = await daemon().client();
    const session = await client.open("output by the client");
    const handle = await session.start(["sh", "-c", "echo one; sleep 0.2; echo two"]);
    let text = "";
    for await (const piece of handle.output()) text += piece;
    expect(text).toBe("one\ntwo\n");
    expect(await handle.wait()).toMatchObject({ status: "succeeded" });
  });
});
