import type { Client } from "../../client/index.js";
import { signalExitCode } from "./runOutcome.js";

type Forwarded = "SIGINT" | "SIGTERM" | "SIGHUP";

const FORWARDED: readonly Forwarded[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Passes the signals that this process gets on to the command: the first as it is, the second as SIGKILL. A
 * third ends this process, because then even the daemon does not answer.
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
    if (count > 2 || (count > 1 && this.#commandId === undefined)) process.exit(signalExitCode(signal));
    this.#send(count === 1 ? forwarded : "SIGKILL");
  };

  #send(signal: Forwarded | "SIGKILL"): void {
    if (this.#commandId === undefined) return;
    // That it has ended already is what was wanted; that the daemon is away shows where its answer is awaited.
    this.#client.command.signal({ commandId: this.#commandId, signal }).catch(() => undefined);
  }
}
