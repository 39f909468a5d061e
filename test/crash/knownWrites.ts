import type { Params } from "../../src/protocol/types.js";
import { SessiondError } from "../../src/rpc/remoteError.js";
import { type Peer, PeerLostError } from "../support/peer.js";
import { actionsOf } from "./verify.js";

/** So many of the last acknowledged calls are repeated by a look. */
const REPEATED = 3;

/** What a writer was told of one write; `unknown` where the connection broke before the answer. */
export type Told = "acknowledged" | "refused" | "unknown";

/** Activities of one session that were asked for, and what was answered: what a later look is held against. */
export class KnownWrites {
  readonly sessionId: string;
  readonly #told = new Map<string, Told>();
  /** Of those that were acknowledged. */
  readonly #answers = new Map<string, { readonly seq: number; readonly length: number }>();
  /** What the last refusal said. */
  #refusal: SessiondError | undefined;

  constructor(sessionId: string) {
    this.sessionId = sessionId;
  }

  /** How many were answered so. */
  count(told: Told): number {
    return this.#of(told).length;
  }

  get refusal(): SessiondError {
    if (this.#refusal === undefined) throw new Error("nothing was refused");
    return this.#refusal;
  }

  /** Writes one more, of so many characters; anything but an answer or a full journal is thrown. */
  async write(peer: Peer, length = 100): Promise<Told> {
    return this.#ask(peer, `write-${this.#told.size}`, length);
  }

  /** Repeats under their keys those whose answer never came. @throws when one is not acknowledged now */
  async repeatUnknown(peer: Peer, length = 100): Promise<void> {
    for (const action of this.#of("unknown")) {
      const told = await this.#ask(peer, action, length);
      if (told !== "acknowledged") throw new Error(`${action}, repeated, is ${told}`);
    }
  }

  /**
   * Holds what is there against what was told: the acknowledged once, the refused not at all, the unknown once or
   * not at all; and a repeated call gets its first answer.
   *
   * @throws an error that names everything that is wrong
   */
  async verify(peer: Peer): Promise<void> {
    const { sessionId } = this;
    const found = await actionsOf(peer, sessionId);
    const unique = new Set(found);
    const { activities } = await peer.call("session/get", { sessionId });
    const faults = [
      ...this.#of("acknowledged").flatMap((action) => (unique.has(action) ? [] : [`${action} is lost`])),
      ...this.#of("refused").flatMap((action) =>
        unique.has(action) ? [`${action} is back from the dead`] : [],
      ),
      ...found.flatMap((action) => (this.#told.has(action) ? [] : [`${action} was never asked for`])),
      ...(unique.size < found.length ? [`${found.length - unique.size} are there twice`] : []),
      ...(activities === found.length ? [] : [`${activities} are counted, and ${found.length} are there`]),
    ];
    for (const [action, { seq, length }] of [...this.#answers].slice(-REPEATED)) {
      const repeated = await peer.call("session/record", this.#params(action, length));
      if (repeated.seq !== seq)
        faults.push(`${action}, repeated, was answered ${repeated.seq}, and ${seq} before`);
    }
    if (faults.length > 0) throw new Error(faults.slice(0, 20).join("\n"));
  }

  async #ask(peer: Peer, action: string, length: number): Promise<Told> {
    // Known before the answer is: the connection may break at any time.
    this.#told.set(action, "unknown");
    const told = await this.#call(peer, action, length);
    this.#told.set(action, told);
    return told;
  }

  async #call(peer: Peer, action: string, length: number): Promise<Told> {
    try {
      const { seq } = await peer.call("session/record", this.#params(action, length));
      this.#answers.set(action, { seq, length });
      return "acknowledged";
    } catch (error) {
      if (error instanceof PeerLostError) return "unknown";
      if (!(error instanceof SessiondError) || error.type !== "journal_unavailable") throw error;
      this.#refusal = error;
      return "refused";
    }
  }

  #params(action: string, length: number): Params<"session/record"> {
    const { sessionId } = this;
    return { sessionId, action, details: "x".repeat(length), idempotencyKey: action };
  }

  #of(told: Told): string[] {
    return [...this.#told].flatMap(([action, was]) => (was === told ? [action] : []));
  }
}
