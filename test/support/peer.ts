import { connect, type Socket } from "node:net";

import type { Call } from "../../client/index.js";
import type { EventShape } from "../../src/protocol/types.js";
import { LineDecoder } from "../../src/rpc/framing.js";
import { SessiondError } from "../../src/rpc/remoteError.js";
import { within } from "./until.js";
import { WireCheck, type WireMessage } from "./wireCheck.js";

/** The connection broke before the answer. */
export class PeerLostError extends Error {
  override readonly name = "PeerLostError";
}

interface Pending {
  readonly resolve: (message: WireMessage) => void;
  readonly reject: (error: Error) => void;
}

/** An event with the subscription that it came for. */
export type PeerEvent = EventShape & { readonly subscriptionId: string };

/** One line of JSON a message over the socket, and nothing between the test and the bytes. */
export class Peer {
  readonly socket: Socket;
  readonly check = new WireCheck();
  /** Events as they came. */
  readonly events: PeerEvent[] = [];
  /** Everything that was no answer to a call of {@link call}. */
  readonly others: WireMessage[] = [];
  readonly #decoder = new LineDecoder({ maxBytes: 1_024 * 1_024 * 1_024 });
  readonly #pending = new Map<unknown, Pending>();
  readonly #wake = new Set<() => void>();
  #lastId = 0;
  #isGone = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => undefined);
    socket.on("end", () => this.#gone());
    socket.on("close", () => this.#gone());
  }

  static open(path: string): Promise<Peer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ path, allowHalfOpen: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Peer(socket));
      });
    });
  }

  /** The daemon has ended its side, or the socket is closed. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Sends bytes as they are. */
  write(text: string | Buffer): boolean {
    if (typeof text === "string") for (const line of text.split("\n")) this.check.sent(line);
    return this.socket.write(text);
  }

  /** Sends one line. */
  send(message: unknown): boolean {
    return this.write(`${JSON.stringify(message)}\n`);
  }

  /**
   * Calls a method and answers its checked result.
   *
   * @throws {SessiondError} what the daemon refused; {PeerLostError} when the connection breaks first.
   */
  readonly call = (async (method: string, params: object = {}): Promise<unknown> => {
    const { result, error } = await this.ask({ method, params });
    if (error !== undefined) throw new SessiondError(error);
    return result;
  }) as Call;

  /** Sends one request, whatever it is, and answers the whole message that comes back under its id. */
  ask(request: { readonly method: unknown; readonly params?: unknown }): Promise<WireMessage> {
    const id = ++this.#lastId;
    const answer = this.answerTo(id);
    this.send({ jsonrpc: "2.0", id, ...request });
    return within(`the answer to ${String(request.method)}`, answer, 60_000);
  }

  /** The message that comes back under an id; null is for what could not be read. */
  answerTo(id: unknown): Promise<WireMessage> {
    return new Promise((resolve, reject) => {
      if (this.#isGone) return reject(new PeerLostError("the connection is gone"));
      this.#pending.set(id, { resolve, reject });
    });
  }

  /** Resolves with what `look` finds, looking anew whenever something came in. */
  async when<T>(what: string, look: () => T, patienceMs?: number): Promise<Exclude<T, undefined | false>> {
    const found = async (): Promise<Exclude<T, undefined | false>> => {
      for (;;) {
        const value = look();
        if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
        if (this.#isGone) throw new PeerLostError(`the connection broke before ${what}`);
        await new Promise<void>((resolve) => this.#wake.add(resolve));
      }
    };
    return within(what, found(), patienceMs);
  }

  /** Resolves when the daemon has ended the connection. */
  async whenGone(): Promise<void> {
    while (!this.#isGone) await new Promise<void>((resolve) => this.#wake.add(resolve));
  }

  /** Ends this side; what the daemon still sends is received. */
  end(): void {
    this.socket.end();
  }

  close(): void {
    this.socket.destroy();
    this.#gone();
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#decoder.push(chunk)) {
      if ("fault" in frame) this.check.faults.push(`a line that is ${frame.fault}`);
      else for (const message of this.check.received(frame.line)) this.#take(message);
    }
    this.#wakeAll();
  }

  #take(message: WireMessage): void {
    const pending = message.method === undefined ? this.#pending.get(message.id) : undefined;
    if (pending !== undefined) {
      this.#pending.delete(message.id);
      pending.resolve(message);
    } else if (message.method === "event") this.events.push(message.params as PeerEvent);
    else this.others.push(message);
  }

  #gone(): void {
    this.#isGone = true;
    for (const { reject } of this.#pending.values()) reject(new PeerLostError("the connection broke"));
    this.#pending.clear();
    this.#wakeAll();
  }

  #wakeAll(): void {
    const waiting = [...this.#wake];
    this.#wake.clear();
    for (const resolve of waiting) resolve();
  }
}
