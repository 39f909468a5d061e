import type { Json } from "../src/protocol/json.js";
import type { Result } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";

/** The key-value store of one session. */
export class SessionMetadata {
  readonly #call: Call;
  readonly #sessionId: string;

  constructor(call: Call, sessionId: string) {
    this.#call = call;
    this.#sessionId = sessionId;
  }

  /** The value of a key, or `fallback` where there is none. */
  async get(key: string, fallback?: Json): Promise<Json | undefined> {
    const { value, found } = await this.#call("metadata/get", { sessionId: this.#sessionId, key });
    return found ? value : fallback;
  }

  set(key: string, value: Json): Promise<Result<"metadata/set">> {
    return this.#call("metadata/set", { sessionId: this.#sessionId, key, value });
  }

  /** Deleting what is not there changes nothing. */
  delete(key: string): Promise<Result<"metadata/delete">> {
    return this.#call("metadata/delete", { sessionId: this.#sessionId, key });
  }
}
