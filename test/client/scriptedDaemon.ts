import { mkdtemp, rm } from "node:fs/promises";
import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import { LineDecoder } from "../../src/rpc/framing.js";

/** One call as it came in. */
export interface SeenCall {
  readonly method: string;
  readonly params: Record<string, unknown>;
  readonly peer: ScriptedPeer;
}

/** What a script does with a call: answer it, or throw {@link refusal}. */
export type Script = (call: SeenCall) => unknown;

/** Answered by a script that does not answer. */
export const SILENCE = Symbol("silence");

/** An answer with messages that follow it in the same chunk. */
export class AnswerThen {
  readonly result: unknown;
  readonly messages: readonly object[];

  constructor(result: unknown, messages: readonly object[]) {
    this.result = result;
    this.messages = messages;
  }
}

/** An error as the daemon answers it. */
export function refusal(type: string, details: Record<string, unknown> = {}, message = type): Error {
  return Object.assign(new Error(message), { data: { type, ...details } });
}

/** One connection, seen from the daemon's side. */
export class ScriptedPeer {
  readonly stream: Duplex;

  constructor(stream: Duplex) {
    this.stream = stream;
  }

  /** Sends messages in one chunk. */
  send(...messages: object[]): void {
    this.stream.write(
      messages.map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`).join(""),
    );
  }

  /** Breaks the connection. */
  drop(): void {
    this.stream.destroy();
  }
}

const HELLO = {
  protocolVersion: 1,
  version: "0.0.0",
  methods: [],
  limits: { messageBytes: 100_000 },
  idempotency: { keepMs: 3_600_000, maxKeys: 1_000 },
};

/**
 * The other end of the client's socket, with as much of a daemon as a test scripts: a test of the client's own
 * logic. Every call that came in is in `calls`.
 */
export class ScriptedDaemon {
  readonly calls: SeenCall[] = [];
  readonly peers = new Set<ScriptedPeer>();
  readonly scripts: Record<string, Script>;
  readonly socket: string;
  readonly #dir: string;
  #server: Server | undefined;

  private constructor(dir: string, scripts: Record<string, Script>) {
    this.#dir = dir;
    this.socket = join(dir, "d.sock");
    this.scripts = { "daemon/hello": () => HELLO, "daemon/ping": () => ({ pong: true, at: "" }), ...scripts };
  }

  static async start(scripts: Record<string, Script> = {}): Promise<ScriptedDaemon> {
    const daemon = new ScriptedDaemon(await mkdtemp(join(tmpdir(), "sessiond-client-")), scripts);
    await daemon.listen();
    return daemon;
  }

  /** Listens, again after {@link hush}. */
  async listen(): Promise<void> {
    const server = createServer((socket: Socket) => this.serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  /** Takes no new connections and breaks those that are there, as if the process had died. */
  async hush(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.drop();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Breaks all connections; the daemon goes on listening. */
  drop(): void {
    for (const peer of this.peers) peer.drop();
    this.peers.clear();
  }

  async stop(): Promise<void> {
    await this.hush();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Serves one stream. */
  serve(stream: Duplex): void {
    const peer = new ScriptedPeer(stream);
    this.peers.add(peer);
    const decoder = new LineDecoder({ maxBytes: 1_000_000 });
    stream.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk)) if ("line" in frame) void this.#answer(peer, frame.line);
    });
    stream.on("error", () => undefined);
    stream.on("close", () => this.peers.delete(peer));
  }

  /** The calls of one method, in order. */
  of(method: string): SeenCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  async #answer(peer: ScriptedPeer, line: string): Promise<void> {
    const { id, method, params } = JSON.parse(line) as {
      id: number;
      method: string;
      params: SeenCall["params"];
    };
    const call = { method, params, peer };
    this.calls.push(call);
    try {
      const script = this.scripts[method];
      if (script === undefined) throw refusal("method_not_found", {}, `There is no method ${method}.`);
      const answer = script(call);
      const result: unknown = answer instanceof Promise ? await answer : answer;
      if (result instanceof AnswerThen) peer.send({ id, result: result.result }, ...result.messages);
      else if (result !== SILENCE) peer.send({ id, result });
    } catch (error) {
      const { message, data } = error as Error & { data?: unknown };
      peer.send({ id, error: { code: -32000, message, data } });
    }
  }
}
