import { ERRORS, type ErrorType } from "../../src/protocol/errors.js";
import { NOTIFICATIONS } from "../../src/protocol/events.js";
import { METHODS } from "../../src/protocol/methods/index.js";
import type { MethodName } from "../../src/protocol/types.js";
import { EVENT_SCHEMAS } from "./eventSchemas.js";

/** A message as it was on the wire. */
export interface WireMessage {
  readonly jsonrpc?: unknown;
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** What only a look into the daemon could tell, and no answer may: a stack, or a file of the daemon's own. */
const INSIDES = /\n\s+at |node:internal|dist\/src\/|\.js:\d+/;

/**
 * Holds everything that goes over one connection against the protocol: each result against its method's schema,
 * each error against the table, each event against its type.
 */
export class WireCheck {
  /** What was wrong, in words; empty while all is well. */
  readonly faults: string[] = [];
  readonly #methods = new Map<unknown, string>();

  /** A line that was sent; one that is no JSON asks for nothing. */
  sent(line: string): void {
    for (const message of messagesOf(line)) {
      if (typeof message !== "object" || message === null) continue;
      const { id, method } = message;
      if (id !== undefined && typeof method === "string") this.#methods.set(id, method);
    }
  }

  /** A line that came in; answers its messages. */
  received(line: string): WireMessage[] {
    const messages = messagesOf(line).filter((message) => message !== null && typeof message === "object");
    if (messages.length === 0) this.faults.push(`no message: ${line.slice(0, 200)}`);
    for (const message of messages) this.#check(message);
    return messages;
  }

  #check(message: WireMessage): void {
    const { jsonrpc, id, method } = message;
    const about = this.#methods.get(id) ?? JSON.stringify({ id, method });
    if (jsonrpc !== "2.0") this.faults.push(`${about}: jsonrpc is ${JSON.stringify(jsonrpc)}`);
    if (typeof method === "string") this.#checkNotification(method, message.params);
    else if ("error" in message) this.#checkError(about, message.error);
    else if ("result" in message) this.#checkResult(id, message.result);
    this.#methods.delete(id);
  }

  #checkResult(id: unknown, result: unknown): void {
    const method = this.#methods.get(id);
    if (method === undefined) return void this.faults.push(`an answer to ${JSON.stringify(id)}, never asked`);
    const parsed = METHODS[method as MethodName].result.safeParse(result);
    if (!parsed.success) this.faults.push(`${method}: ${parsed.error.message}`);
  }

  #checkError(about: string, error: WireMessage["error"]): void {
    const type = (error?.data as { type?: ErrorType } | undefined)?.type;
    const known = type !== undefined && Object.hasOwn(ERRORS, type) ? ERRORS[type] : undefined;
    if (known === undefined) this.faults.push(`${about}: an error of type ${String(type)}`);
    else if (known.code !== error?.code) this.faults.push(`${about}: ${type} with code ${error?.code}`);
    if (type === "internal_error") this.faults.push(`${about}: ${error?.message}`);
    if (INSIDES.test(JSON.stringify(error))) this.faults.push(`${about}: ${JSON.stringify(error)}`);
  }

  #checkNotification(method: string, params: unknown): void {
    if (method === "event") return this.#checkEvent(params);
    const isOther = method === "event/gap" || method === "session/taken";
    if (!isOther || !NOTIFICATIONS[method].safeParse(params).success)
      this.faults.push(`the notification ${method}: ${JSON.stringify(params)}`);
  }

  #checkEvent(params: unknown): void {
    const outer = NOTIFICATIONS.event.safeParse(params);
    if (!outer.success) return void this.faults.push(`event: ${outer.error.message}`);
    const inner = EVENT_SCHEMAS[outer.data.type].safeParse(outer.data.data);
    if (!inner.success) this.faults.push(`event ${outer.data.type}: ${inner.error.message}`);
  }
}

function messagesOf(line: string): (WireMessage | null)[] {
  try {
    const message: unknown = JSON.parse(line);
    return (Array.isArray(message) ? message : [message]) as (WireMessage | null)[];
  } catch {
    return [];
  }
}
