import type { Client } from "../../../client/index.js";

/** One activity, as its writer knows it. */
export interface Written {
  readonly writer: number;
  readonly number: number;
}

/** Calls that each writer keeps under way. */
const IN_FLIGHT = 4;

/** The action under which the writers record. */
export const ACTION = "demo/wrote";

/** How a written activity is told from every other: also its idempotency key. */
export function keyOf({ writer, number }: Written): string {
  return `writer-${writer}-${number}`;
}

/**
 * Several clients that write into one session as fast as they can, each activity under a key of its own. Which of
 * them were acknowledged is known to the moment.
 */
export class Writers {
  readonly acknowledged = new Set<string>();
  readonly inFlight = new Set<string>();
  readonly refused: string[] = [];
  readonly #sessionId: string;
  #isStopped = false;
  constructor(clients: readonly Client[], sessionId: string) {
    this.#sessionId = sessionId;
    for (const [index, client] of clients.entries()) {
      for (let lane = 1; lane <= IN_FLIGHT; lane++) void this.#lane(client, index + 1, lane);
    }
  }

  /** Begins nothing new; what is under way goes on. */
  stop(): void {
    this.#isStopped = true;
  }

  async #lane(client: Client, writer: number, lane: number): Promise<void> {
    for (let number = lane; !this.#isStopped; number += IN_FLIGHT)
      await this.#write(client, { writer, number });
  }

  async #write(client: Client, written: Written): Promise<void> {
    const key = keyOf(written);
    this.inFlight.add(key);
    try {
      const details = { writer: written.writer, number: written.number };
      await client.session.record({
        sessionId: this.#sessionId,
        action: ACTION,
        details,
        idempotencyKey: key,
      });
      this.acknowledged.add(key);
    } catch (error) {
      this.refused.push(`${key}: ${(error as Error).message}`);
      this.stop();
    } finally {
      this.inFlight.delete(key);
    }
  }
}
