import type { Ending, Supervised } from "../process/supervised.js";
import type { EndCause } from "../session/state.js";
import type { Hold } from "./resources.js";

/** Causes that end one try and leave the next one its chance; all others end the command. */
export const TRY_CAUSES: ReadonlySet<EndCause> = new Set([
  "exited",
  "start_to_close",
  "stalled",
  "start_failed",
  "memory_limit",
  "process_limit",
  "cpu_limit",
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

/** The same with what the kernel says: it kills what has no memory left. Whoever wanted the end before has the word. */
export function judged(
  cause: EndCause,
  { signal }: Pick<Ending, "signal">,
  { cause: limit, refusedForks = 0 }: Awaited<ReturnType<Hold["verdict"]>>,
): { readonly cause: EndCause; readonly refusedForks?: number } {
  const isLimit = limit !== undefined && cause === "exited" && signal === "SIGKILL";
  return { cause: isLimit ? limit : cause, ...(refusedForks === 0 ? {} : { refusedForks }) };
}

/** What the kernel says about the end of a try; what held it goes when the last of it is gone. */
export async function verdictOf(
  hold: Hold | undefined,
  { gone }: Pick<Supervised, "gone">,
): Promise<Awaited<ReturnType<Hold["verdict"]>>> {
  if (hold === undefined) return {};
  const verdict = hold.verdict();
  void Promise.all([verdict, gone]).then(() => hold.release());
  return verdict;
}
