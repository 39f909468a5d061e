import { JSONRPCServer } from "json-rpc-2.0";

import type { Refusal } from "../protocol/errors.js";
import { type Answer, Batch } from "./batch.js";
import type { Dispatch } from "./dispatch.js";
import { refusalOf } from "./refused.js";
import { faultOfRequest } from "./request.js";
import type { Request, RequestId } from "./request.js";

export type { Answer } from "./batch.js";

export interface ServerPeerOptions<Context> {
  readonly dispatch: Dispatch<Context>;
  /** The protocol's table: what a refusal looks like on the wire. */
  readonly errorObject: (refusal: Refusal) => object;
  readonly limits: {
    readonly batchLength: number;
    /** What the answer to one batch may grow to before its remaining members are refused, or their answers left out. */
    readonly queueBytes: number;
  };
  /** Told of every error that is no refusal; the caller is told only that there was one. */
  readonly onInternalError: (error: unknown, method: string) => void;
}

type Respond = (request: Request) => Answer | Promise<Answer>;

/** One request on its way through the library, and its answer on the way back. */
interface Call {
  readonly respond: Respond;
  answer: Answer | Promise<Answer>;
}

/** What the library gets in place of the answer. It is settled: promises that stay open cost three times as much. */
const ANSWERED = Promise.resolve(null);

const NOT_JSON: Refusal = {
  type: "parse_error",
  message: "The message is not JSON.",
  hint: "Send one JSON-RPC 2.0 message a line, in UTF-8.",
};

/**
 * The answering end of JSON-RPC 2.0, over json-rpc-2.0's server. The library calls methods; parsing, batches
 * and the check of a request are done around it, to the letter of the specification. The library answers by
 * promises alone, so the answer leaves it by the side, as finished text: a handler that is synchronous is
 * answered in the same turn, and nothing is stringified twice.
 */
export class ServerPeer<Context> {
  readonly #options: ServerPeerOptions<Context>;
  readonly #server: JSONRPCServer<Call>;

  constructor(options: ServerPeerOptions<Context>) {
    this.#options = options;
    // Nothing reaches this listener; the default one prints to the console.
    this.#server = new JSONRPCServer<Call>({ errorListener: () => undefined });
    this.#server.applyMiddleware((_next, request, call) => {
      call.answer = call.respond(request);
      return ANSWERED;
    });
  }

  /**
   * Answers one message, at once where all its handlers are synchronous. Never throws or rejects.
   * `onOpen` is called before a promise is returned, with the number of requests that it waits for.
   */
  receive(line: string, context: Context, onOpen?: (open: number) => void): Answer | Promise<Answer> {
    return this.#message(line, (request) => this.#run(request, context), onOpen);
  }

  /** Answers every request of a message with this refusal and calls nothing. */
  refuse(line: string, refusal: Refusal): Answer {
    return this.#message(line, (request) => this.#errorText(request.id, refusal)) as Answer;
  }

  /** The answer to what could not be read as a message at all. */
  errorLine(refusal: Refusal): string {
    return this.#errorText(null, refusal) as string;
  }

  #message(line: string, respond: Respond, onOpen?: (open: number) => void): Answer | Promise<Answer> {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return this.errorLine(NOT_JSON);
    }
    if (Array.isArray(message)) return this.#batch(message, respond, onOpen);
    const answer = this.#single(message, respond);
    if (answer instanceof Promise) onOpen?.(1);
    return answer;
  }

  #batch(members: unknown[], respond: Respond, onOpen?: (open: number) => void): Answer | Promise<Answer> {
    const { batchLength, queueBytes } = this.#options.limits;
    if (members.length === 0) return this.errorLine(invalidRequest("A batch has at least one request."));
    if (members.length > batchLength) return this.errorLine(tooManyMembers(members.length, batchLength));
    const batch = new Batch(members, {
      begin: (member) => this.#single(member, respond),
      refuse: (member, refusal) =>
        this.#single(member, (request) => this.#errorText(request.id, refusal)) as Answer,
      join: (answers) => this.#joined(answers),
      queueBytes,
    });
    const answer = batch.run();
    if (answer instanceof Promise) onOpen?.(batch.open);
    return answer;
  }

  /** The answer to a batch is an array, also of one; notifications alone get none. */
  #joined(answers: readonly Answer[]): Answer {
    const texts = answers.filter((answer) => answer !== undefined);
    try {
      return texts.length === 0 ? undefined : `[${texts.join(",")}]`;
    } catch (error) {
      // Longer than any text can be: the last answer may be of any length.
      return this.#failureText({ jsonrpc: "2.0", id: null, method: "a batch" }, error);
    }
  }

  #single(message: unknown, respond: Respond): Answer | Promise<Answer> {
    const fault = faultOfRequest(message);
    if (fault !== undefined) return this.#errorText(fault.id, invalidRequest(fault.message));
    const call: Call = { respond, answer: undefined };
    void this.#server.receive(message as Request, call);
    return call.answer;
  }

  #run(request: Request, context: Context): Answer | Promise<Answer> {
    try {
      const result = this.#options.dispatch(request.method, request.params, context);
      if (!(result instanceof Promise)) return this.#resultText(request, result);
      return result.then(
        (value) => this.#resultText(request, value),
        (error: unknown) => this.#failureText(request, error),
      );
    } catch (error) {
      return this.#failureText(request, error);
    }
  }

  #resultText(request: Request, result: unknown): Answer {
    if (request.id === undefined) return undefined;
    try {
      // Undefined and functions have no text; the answer still needs a result.
      const text = (JSON.stringify(result) as string | undefined) ?? "null";
      // A number is one that JSON can write: `faultOfRequest` lets no other through.
      const id = typeof request.id === "number" ? request.id : JSON.stringify(request.id);
      return `{"jsonrpc":"2.0","id":${id},"result":${text}}`;
    } catch (error) {
      return this.#failureText(request, error);
    }
  }

  #failureText(request: Request, error: unknown): Answer {
    const refusal = refusalOf(error);
    if (refusal === undefined) this.#options.onInternalError(error, request.method);
    try {
      return this.#errorText(request.id, refusal ?? internal(request.method));
    } catch (unwritable) {
      this.#options.onInternalError(unwritable, request.method);
      return this.#errorText(request.id, internal(request.method));
    }
  }

  #errorText(id: RequestId | undefined, refusal: Refusal): Answer {
    if (id === undefined) return undefined;
    return JSON.stringify({ jsonrpc: "2.0", id, error: this.#options.errorObject(refusal) });
  }
}

function invalidRequest(message: string): Refusal {
  return { type: "invalid_request", message };
}

function tooManyMembers(length: number, batchLength: number): Refusal {
  return {
    ...invalidRequest(`A batch has at most ${batchLength} requests; this one has ${length}.`),
    details: { limit: "batchLength" },
  };
}

function internal(method: string): Refusal {
  return {
    type: "internal_error",
    message: `${method} failed inside the daemon.`,
    hint: "The daemon's log has the details.",
  };
}
