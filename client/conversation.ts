import type { Params, Result } from "../src/protocol/types.js";
import type { Call, ItemOf } from "./callTypes.js";
import { pages } from "./pages.js";

type Append = Params<"message/append">;

/** What belongs to a message beside who said what. */
export type MessageOptions = Pick<Append, "toolName" | "invocationId" | "usage">;

/** The conversation of one session. */
export class Conversation {
  readonly #call: Call;
  readonly #sessionId: string;

  constructor(call: Call, sessionId: string) {
    this.#call = call;
    this.#sessionId = sessionId;
  }

  /** Appends a message: a text, or blocks as the tool has them. Answers its id and its place, from 1. */
  append(
    role: Append["role"],
    content: Append["content"],
    options: MessageOptions = {},
  ): Promise<Result<"message/append">> {
    return this.#call("message/append", { ...options, sessionId: this.#sessionId, role, content });
  }

  /** The messages, oldest first unless asked otherwise; `limit` is the size of a page that is fetched. */
  list(
    options: Pick<Params<"message/list">, "order" | "limit"> = {},
  ): AsyncGenerator<ItemOf<"message/list">, void, undefined> {
    return pages(this.#call, "message/list", { ...options, sessionId: this.#sessionId });
  }
}
