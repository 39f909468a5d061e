import type { Ending } from "../process/supervised.js";
import type { EndCause } from "../session/state.js";

/** Causes that end one try and leave the next one its chance; all others end the command. */
export const TRY_CAUSES: ReadonlySet<EndCause> = new Set([
  "exited",
  "start_to_close",
  "stalled",
  "start_failed",
]);

/** What is told of a command of which nothing is left. */
export const LOST_WITH_DAEMON = "The daemon that ran this command ended without stopping it.";
/** What is told of one that has lost its keeper. */
export const LOST_WITH_KEEPER = "What kept this command was killed, so its end is not known.";

/** Why a process was ended, as its keeper has it; of one whose daemon is gone, nobody else knows. */
export function causeOf({ cause = "exited" }: Ending): EndCause {
  // Somebody ended the keeper itself, as when the machine goes down.
  return cause === "stopped" ? "daemon_stopped" : (cause as EndCause);
}
