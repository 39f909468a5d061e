import { setTimeout as delay } from "node:timers/promises";

import { runHook } from "../../process/hook.js";
import type { Alert } from "../../session/alertState.js";
import { pauseMs } from "../../session/backoff.js";
import { FewAtOnce } from "../fewAtOnce.js";
import { type Posted, postOnce } from "./webhook.js";

type Target = Alert["deliver"][number];

/** What a target is told. */
export interface Notice {
  /** The same each time that the same thing is told, so that a receiver can tell. */
  readonly deliveryId: string;
  /** JSON. */
  readonly body: string;
}

/** How telling one target ended. */
export interface Told {
  readonly status: "delivered" | "failed";
  readonly attempts: number;
  readonly error?: string | undefined;
}

export interface TargetsOptions {
  /** Where a program that is told finds the daemon. */
  readonly socket?: string | undefined;
  /** The pause after the first try that fails; a second where this is left out. */
  readonly firstPauseMs?: number | undefined;
}

const COMMANDS_AT_ONCE = 4;
const WEBHOOKS_AT_ONCE = 8;
/** With the pauses between them they reach over about half an hour. */
const WEBHOOK_TRIES = 12;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 600_000;

/** Tells the targets of rules, a few at a time of each kind. A webhook that waits for its next try keeps nobody else waiting. */
export class Targets {
  readonly #options: TargetsOptions;
  readonly #commands = new FewAtOnce(COMMANDS_AT_ONCE);
  readonly #webhooks = new FewAtOnce(WEBHOOKS_AT_ONCE);

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  /** Tells one target; resolves when it was told, or when no further try is made. Never rejects. */
  tell(target: Target, notice: Notice, signal: AbortSignal): Promise<Told> {
    return target.kind === "command"
      ? this.#commands.run(() => this.#run(target, notice, signal))
      : this.#post(target, notice, signal);
  }

  async #run(
    { argv, timeoutMs }: Extract<Target, { kind: "command" }>,
    { deliveryId, body }: Notice,
    signal: AbortSignal,
  ): Promise<Told> {
    const { socket } = this.#options;
    const env = {
      SESSIOND_DELIVERY_ID: deliveryId,
      ...(socket === undefined ? {} : { SESSIOND_SOCKET: socket }),
    };
    // Once: what a program has done by the time at which it failed, nobody knows.
    const error = await runHook({ argv, input: body, env, timeoutMs, signal }).catch(
      (reason: unknown) => (reason as Error).message,
    );
    return error === undefined
      ? { status: "delivered", attempts: 1 }
      : { status: "failed", attempts: 1, error };
  }

  async #post(
    { url, headers, timeoutMs }: Extract<Target, { kind: "webhook" }>,
    { deliveryId, body }: Notice,
    signal: AbortSignal,
  ): Promise<Told> {
    const said = { "content-type": "application/json", ...headers, "idempotency-key": deliveryId };
    const request = { url, headers: said, body, timeoutMs, signal };
    for (let attempt = 1; ; attempt += 1) {
      const posted = await this.#webhooks.run(() => postOnce(request));
      if (posted.status === "delivered") return { status: "delivered", attempts: attempt };
      if (!posted.isPassing || attempt === WEBHOOK_TRIES || signal.aborted)
        return { status: "failed", attempts: attempt, error: posted.error };
      await delay(this.#pauseMs(posted, attempt), undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  #pauseMs({ retryAfterMs = 0 }: Extract<Posted, { status: "failed" }>, attempt: number): number {
    const retry = {
      maxAttempts: WEBHOOK_TRIES,
      initialIntervalMs: this.#options.firstPauseMs ?? FIRST_PAUSE_MS,
      backoffCoefficient: 2,
      maximumIntervalMs: LONGEST_PAUSE_MS,
      jitter: 0.25,
      nonRetryableExitCodes: [],
    };
    return Math.min(LONGEST_PAUSE_MS, Math.max(retryAfterMs, pauseMs(retry, attempt, Math.random())));
  }
}
