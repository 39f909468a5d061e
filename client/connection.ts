import type { Duplex } from "node:stream";

import { ClientPeer } from "../src/rpc/clientPeer.js";
import { LineDecoder } from "../src/rpc/framing.js";
import { SessiondError } from "../src/rpc/remoteError.js";
import type { ErrorType } from "../src/protocol/errors.js";
import type { PROTOCOL_VERSION as ProtocolVersion } from "../src/protocol/limits.js";
import type { Params, Result } from "../src/protocol/types.js";
import { ConnectionLostError, ForeignPeerError } from "./errors.js";
import type { LeaseSink } from "./leaseSinks.js";
import { LeaseSinks } from "./leaseSinks.js";
import type { EventSink } from "./subscriptions.js";
import { Subscriptions } from "./subscriptions.js";

/** What the client takes as one message: far over the daemon's largest answer, far under what hurts. */
const MAX_MESSAGE_BYTES = 256 * 1_024 * 1_024;

const CLOSE_WITHIN_MS = 1_000;

const FAULTS = { too_long: `longer than ${MAX_MESSAGE_BYTES} bytes`, not_utf8: "not UTF-8" };

/** The version of the protocol that this client speaks. */
const PROTOCOL_VERSION = 1 satisfies typeof ProtocolVersion;

/** One stream to the daemon, from its opening to its end. It does not come back: a `Link` opens another. */
export class Connection {
  readonly #stream: Duplex;
  readonly #decoder = new LineDecoder({ maxBytes: MAX_MESSAGE_BYTES });
  readonly #peer: ClientPeer;
  readonly #subscriptions = new Subscriptions();
  readonly #leases = new LeaseSinks();
  #hello: Result<"daemon/hello"> | undefined;
  #error: Error | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#peer = new ClientPeer({
      send: (line) => this.#send(line),
      onNotification: (method, params) => this.#notified(method, params),
      onFault: (error) => this.#giveUp(error instanceof SessiondError ? error : foreign(error.message)),
    });
    stream.on("data", (chunk: Buffer) => this.#receive(chunk));
    stream.on("error", (error) => this.#giveUp(lost({ cause: error })));
    stream.on("end", () => this.#giveUp(lost()));
    stream.on("close", () => this.#giveUp(lost()));
  }

  /** Whether a call can be sent. */
  get isOpen(): boolean {
    return this.#error === undefined;
  }

  /** How long the daemon remembers the key of a write, in milliseconds. */
  get keysKeptMs(): number {
    return this.#hello?.idempotency.keepMs ?? 0;
  }

  /**
   * The first call: says who calls and learns who is there.
   *
   * @throws {SessiondError} `unsupported_protocol`, when the daemon speaks another version.
   */
  async greet(name: string | undefined): Promise<void> {
    const params = { protocolVersion: PROTOCOL_VERSION, ...(name === undefined ? {} : { client: { name } }) };
    this.#hello = (await this.request("daemon/hello", params)) as Result<"daemon/hello">;
  }

  /**
   * Sends one call and waits for its answer.
   *
   * @throws {SessiondError} what the daemon refused.
   * @throws {ConnectionLostError} when the connection breaks before the answer.
   */
  async request(method: string, params: object): Promise<unknown> {
    if (this.#error !== undefined) throw this.#error;
    return this.#peer.call(method, params);
  }

  /** Subscribes; the sink gets every event of the subscription, in order. */
  subscribe(params: Params<"event/subscribe">, sink: EventSink): Promise<void> {
    return this.#subscriptions.open(async () => {
      const answer = await this.request("event/subscribe", params);
      // The connection may have broken in the same tick in which the answer came.
      if (this.#error !== undefined) throw this.#error;
      return answer as Result<"event/subscribe">;
    }, sink);
  }

  /** Ends a subscription, without waiting for the daemon to know. */
  unsubscribe(subscriptionId: string): void {
    this.#subscriptions.end(subscriptionId, () => this.request("event/unsubscribe", { subscriptionId }));
  }

  /** Claims a session; from now on the sink hears what becomes of the lease, until it is forgotten. */
  async claim(params: Params<"session/claim">, sink: LeaseSink): Promise<Result<"session/claim">> {
    this.#leases.add(sink);
    try {
      const answer = await this.request("session/claim", params);
      // The connection may have broken in the same tick in which the answer came.
      if (this.#error !== undefined) throw this.#error;
      this.#leases.claimed(sink);
      return answer as Result<"session/claim">;
    } catch (error) {
      this.#leases.delete(sink);
      throw error;
    }
  }

  /** The sink hears nothing more. */
  forgetLease(sink: LeaseSink): void {
    this.#leases.delete(sink);
  }

  /**
   * Closes in order: what was sent is on its way before the stream ends. Calls under way are rejected with
   * `error`.
   */
  async close(error: Error): Promise<void> {
    this.#end(error);
    if (this.#stream.destroyed) return;
    const destroy = (): void => {
      this.#stream.destroy();
    };
    // A daemon that does not read must not hold its client's end.
    const timer = setTimeout(destroy, CLOSE_WITHIN_MS);
    await new Promise<void>((resolve) => {
      this.#stream.once("close", resolve);
      this.#stream.end(destroy);
    });
    clearTimeout(timer);
  }

  #send(line: string): void {
    const limit = this.#hello?.limits["messageBytes"];
    const sizeBytes = Buffer.byteLength(line);
    // The daemon would not read it, and so could not say which call it refuses.
    if (limit !== undefined && sizeBytes > limit) throw tooLong(sizeBytes, limit);
    this.#stream.write(`${line}\n`);
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#decoder.push(chunk)) {
      if (this.#error !== undefined) return;
      if ("fault" in frame)
        this.#giveUp(foreign(`The daemon sent a message that is ${FAULTS[frame.fault]}.`));
      else this.#peer.receive(frame.line);
    }
  }

  #notified(method: string, params: unknown): void {
    this.#leases.receive(method, params);
    const isKept = this.#subscriptions.receive(method, params);
    if (!isKept) this.#giveUp(foreign("The daemon sends events that nobody asked for."));
  }

  #giveUp(error: Error): void {
    this.#end(error);
    this.#stream.destroy();
  }

  #end(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#peer.rejectAll(error);
    this.#subscriptions.lost();
    this.#leases.lost();
  }
}

function lost(options?: ErrorOptions): ConnectionLostError {
  return new ConnectionLostError("The connection to the daemon broke.", options);
}

function foreign(what: string): ForeignPeerError {
  return new ForeignPeerError(`${what} The connection was given up.`);
}

/** The same error as the daemon's own, for one call instead of all that are under way. */
function tooLong(sizeBytes: number, limit: number): SessiondError {
  return new SessiondError({
    code: -32005,
    message: `The message has ${sizeBytes} bytes; the daemon takes ${limit}.`,
    data: {
      type: "limit_reached" satisfies ErrorType,
      hint: "Write what is large to a file, and pass its path.",
      limit: "messageBytes",
    },
  });
}
