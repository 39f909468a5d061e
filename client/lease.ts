import { randomUUID } from "node:crypto";

import { SessiondError } from "../src/rpc/remoteError.js";
import type { ERRORS, ErrorType } from "../src/protocol/errors.js";
import type { NotificationShapes, Params } from "../src/protocol/types.js";
import type { Calls } from "./calls.js";
import type { Connection } from "./connection.js";

/** How to claim a session. */
export interface ClaimOptions extends Pick<Params<"session/claim">, "takeover" | "holder"> {}

/** Claims a session for this program. */
export type Claim = (sessionId: string, options?: ClaimOptions) => Promise<Lease>;

/**
 * A session that this program alone may write to. The lease is shown with every write of the session's handle, and taken
 * up again by itself when the connection breaks, also across a restart of the daemon.
 */
export class Lease implements AsyncDisposable {
  readonly sessionId: string;
  readonly #calls: Calls;
  readonly #lost = new AbortController();
  #token = "";
  #epoch = 0;
  /** Of the newest lease that the daemon told of: it may tell so before the answer to the claim is handled. */
  #takenEpoch = 0;
  #taken: NotificationShapes["session/taken"] | undefined;
  /** Ends the listening; absent while there is no connection, and once it is over. */
  #leave: (() => void) | undefined;
  #isReleased = false;

  private constructor(calls: Calls, sessionId: string) {
    this.#calls = calls;
    this.sessionId = sessionId;
  }

  /** @throws {SessiondError} `lease_held` when somebody else holds the session, unless it is to be taken over. */
  static async claim(calls: Calls, sessionId: string, options: ClaimOptions = {}): Promise<Lease> {
    const { takeover, holder } = options;
    const lease = new Lease(calls, sessionId);
    await lease.#open({ sessionId, takeover, holder, idempotencyKey: randomUUID() }, "keyed");
    return lease;
  }

  /** What a write shows to be taken, for calls that are made without the handle: `{ lease: lease.token }`. */
  get token(): string {
    return this.#token;
  }

  /** One more than that of the lease before: whoever is written to by two holders knows by it which is the newer. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Aborted when the lease is over although nobody released it: somebody took the session over, or the daemon did not
   * come back in time. The reason says which; writes are refused from then on.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Whether it was let go by this program. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Lets the session go: anyone may write to it again. A lease that is over already stays so. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.drop();
    if (this.lost.aborted) return;
    const params = { sessionId: this.sessionId, lease: this.#token };
    await this.#calls.call("session/release", params).catch((error: unknown) => {
      if (!isOver(error)) throw error;
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Forgets it without a word to the daemon: the session has ended, and its lease with it. */
  drop(): void {
    this.#isReleased = true;
    this.#leave?.();
    this.#leave = undefined;
  }

  /** Takes note of what a write met that showed it. */
  met(error: unknown): void {
    if (error instanceof SessiondError && error.type === "lease_lost") this.#lose(error);
  }

  async #open(params: Params<"session/claim">, repetition: "keyed" | "free"): Promise<void> {
    const open = async (connection: Connection): Promise<void> => {
      const sink = {
        sessionId: this.sessionId,
        taken: (notice: NotificationShapes["session/taken"]) => this.#tellTaken(notice),
        lost: () => void this.#takeUp(),
      };
      const { lease, epoch } = await connection.claim(params, sink);
      this.#token = lease;
      this.#epoch = epoch;
      this.#leave = () => connection.forgetLease(sink);
      // It was let go while it was being taken up, or taken over before this answer was handled.
      if (this.#isReleased) this.drop();
      else this.#loseIfTaken();
    };
    await this.#calls.perform("session/claim", repetition, open);
  }

  /** The connection broke: the daemon keeps the lease for a while. */
  async #takeUp(): Promise<void> {
    this.#leave = undefined;
    try {
      await this.#open({ sessionId: this.sessionId, lease: this.#token }, "free");
    } catch (error) {
      this.#lose(error);
    }
  }

  #tellTaken(notice: NotificationShapes["session/taken"]): void {
    if (notice.epoch <= this.#takenEpoch) return;
    this.#takenEpoch = notice.epoch;
    this.#taken = notice;
    if (this.#epoch > 0) this.#loseIfTaken();
  }

  #loseIfTaken(): void {
    if (this.#taken !== undefined && this.#taken.epoch > this.#epoch) this.#lose(taken(this.#taken));
  }

  #lose(error: unknown): void {
    this.#leave?.();
    this.#leave = undefined;
    if (!this.#isReleased) this.#lost.abort(error);
  }
}

/** Whether there is nothing left to let go. */
function isOver(error: unknown): boolean {
  return (
    error instanceof SessiondError && (error.type === "lease_lost" || error.type === "session_not_found")
  );
}

/** The same error as the daemon's own to a write that comes too late. */
function taken({ sessionId, epoch, holder }: NotificationShapes["session/taken"]): SessiondError {
  const by = holder === undefined ? "somebody else" : `"${holder}"`;
  return new SessiondError({
    code: -32061 satisfies (typeof ERRORS)["lease_lost"]["code"],
    message: `Session "${sessionId}" was taken over by ${by}.`,
    data: { type: "lease_lost" satisfies ErrorType, epoch, ...(holder === undefined ? {} : { holder }) },
  });
}
