import type { Params } from "../src/protocol/types.js";
import type { CallOptions } from "./calls.js";

/** What to run and how; see `command/start`. */
export interface StartOptions
  extends Omit<Params<"command/start">, "sessionId" | "argv" | "idempotencyKey">, CallOptions {}

/** How to run and wait. */
export interface RunOptions extends StartOptions {
  /** Throws a {@link CommandFailedError} unless the command succeeds. */
  readonly check?: boolean;
}

/** The environment of this process, whole. */
export function ownEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
