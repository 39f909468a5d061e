import { writeSync } from "node:fs";

import type { Client } from "../../client/index.js";
import { signalExitCode } from "./runOutcome.js";

type Forwarded = "SIGINT" | "SIGTERM" | "SIGHUP";

const FORWARDED: readonly Forwarded[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Passes the signals that this process gets on to the command: the first as it is, the second as SIGKILL. A
 * third ends this process and leaves the command to the daemon, because then even that does not answer.
 */
export class SignalForwarder {
  readonly #client: Client;
  #commandId: string | undefined;
  #received: Forwarded[] = [];

  constructor(client: Client) {
    this.#client = client;
    for (const signal of FORWARDED) process.on(signal, this.#receive);
  }

  /** From now on there is a command; what came earlier reaches it now. */
  to(commandId: string): void {
    this.#commandId = commandId;
    const [first] = this.#received;
    if (first !== undefined) this.#send(first);
  }

  /** Leaves the signals alone again. */
  close(): void {
    for (const signal of FORWARDED) process.off(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    const forwarded = FORWARDED.find((each) => each === signal);
    if (forwarded === undefined) return;
    this.#received.push(forwarded);
    const count = this.#received.length;
    if (count > 2 || (count > 1 && this.#commandId === undefined)) this.#leave(signal);
    this.#send(count === 1 ? forwarded : "SIGKILL");
  };

  /** Synchronously: nothing is waited for any more. */
  #leave(signal: NodeJS.Signals): never {
    if (this.#commandId !== undefined)
      writeSync(2, `sessiond: left it as it is. To see it: sessiond attach ${this.#commandId}\n`);
    process.exit(signalExitCode(signal));
  }

  #send(signal: Forwarded | "SIGKILL"): void {
    if (this.#commandId === undefined) return;
    // With a grace time of nothing it is for all that descends from the command, and not for its group alone.
    const rest = signal === "SIGKILL" ? { graceMs: 0 } : {};
    // That it has ended already is what was wanted; that the daemon is away shows where its answer is awaited.
    this.#client.command.signal({ commandId: this.#commandId, signal, ...rest }).catch(() => undefined);
  }
}
