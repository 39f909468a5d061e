import { JSONRPCClient } from "json-rpc-2.0";
import type { JSONRPCErrorResponse, JSONRPCResponse } from "json-rpc-2.0";

import { CallTimeoutError } from "./callTimeout.js";
import { SessiondError } from "./remoteError.js";

export interface ClientPeerOptions {
  /** Sends one line; the newline is the sender's. What it throws rejects the call. */
  readonly send: (line: string) => void;
  readonly onNotification: (method: string, params: unknown) => void;
  /**
   * Told of a line that belongs to no call: it is no JSON-RPC, or the daemon says that it could not read what
   * was sent. Some call will then never be answered, so the connection is best closed.
   */
  readonly onFault: (error: Error) => void;
}

export interface CallOptions {
  /** How long to wait for the answer; without it, or over some 24 days (what a timer holds), for ever. */
  readonly timeoutMs?: number;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** An error of this side, carried through the library in the place of a remote one; no JSON can be one. */
class LocalFailure {
  readonly error: Error;

  constructor(error: Error) {
    this.error = error;
  }
}

/** The asking end of JSON-RPC 2.0, over json-rpc-2.0's client and any way to send a line. */
export class ClientPeer {
  readonly #options: ClientPeerOptions;
  readonly #client: JSONRPCClient;
  readonly #pending = new Set<number>();
  #lastId = 0;

  constructor(options: ClientPeerOptions) {
    this.#options = options;
    this.#client = new JSONRPCClient((request: { id: number }) => {
      try {
        options.send(JSON.stringify(request));
      } catch (error) {
        this.#fail(request.id, error instanceof Error ? error : new Error(String(error)));
      }
    });
  }

  /** Calls that wait for their answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Calls a method and answers its result. Rejects with a `SessiondError` where the daemon refused, with a
   * `CallTimeoutError`, with what `send` threw, or with what `rejectAll` was given.
   */
  async call(method: string, params: object, { timeoutMs }: CallOptions = {}): Promise<unknown> {
    const id = ++this.#lastId;
    const requester =
      timeoutMs === undefined || timeoutMs > LONGEST_TIMER_MS
        ? this.#client
        : this.#client.timeout(timeoutMs, () => failure(id, new CallTimeoutError(method, timeoutMs)));
    this.#pending.add(id);
    try {
      return resultOf(await requester.requestAdvanced({ jsonrpc: "2.0", id, method, params }));
    } finally {
      this.#pending.delete(id);
    }
  }

  /** Takes one line from the daemon. Never throws. */
  receive(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      this.#options.onFault(new Error("The daemon sent a line that is not JSON."));
      return;
    }
    for (const item of Array.isArray(message) ? (message as unknown[]) : [message]) this.#take(item);
  }

  /** The connection is gone: every call that waits is rejected with this error. */
  rejectAll(error: Error): void {
    for (const id of this.#pending) this.#fail(id, error);
  }

  #take(message: unknown): void {
    if (typeof message !== "object" || message === null) {
      this.#options.onFault(new Error("The daemon sent a line that is no JSON-RPC message."));
      return;
    }
    const { method, params, id, error } = message as Record<string, unknown>;
    if (typeof method === "string") this.#options.onNotification(method, params);
    else if (typeof id === "number") this.#client.receive(message as JSONRPCResponse);
    else
      this.#options.onFault(
        isRemote(error) ? new SessiondError(error) : new Error("The daemon sent an answer without an id."),
      );
  }

  #fail(id: number, error: Error): void {
    this.#client.receive(failure(id, error));
  }
}

function failure(id: number, error: Error): JSONRPCErrorResponse {
  return { jsonrpc: "2.0", id, error: { code: 0, message: error.message, data: new LocalFailure(error) } };
}

function resultOf({ result, error }: JSONRPCResponse): unknown {
  if (error === undefined) return result as unknown;
  if (!isRemote(error)) throw new Error("The daemon answered with an error that has no code and message.");
  if (error.data instanceof LocalFailure) throw error.data.error;
  throw new SessiondError(error);
}

function isRemote(error: unknown): error is { code: number; message: string; data?: unknown } {
  if (typeof error !== "object" || error === null) return false;
  const { code, message } = error as Record<string, unknown>;
  return typeof code === "number" && typeof message === "string";
}
