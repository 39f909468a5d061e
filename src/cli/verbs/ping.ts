import { ask, unanswered } from "../ask.js";
import type { Verb } from "../context.js";

const ANSWER_WITHIN_MS = 5_000;

/** Asks whether the daemon answers. It is what scripts call in a loop, so it loads next to nothing. */
export const ping: Verb<object> = async (context) => {
  const socket = await context.socket();
  // Not by `performance`: Node loads a dozen modules for it.
  const startedNs = process.hrtime.bigint();
  const asked = await ask(socket, "daemon/ping", ANSWER_WITHIN_MS);
  const tookMs = Number(process.hrtime.bigint() - startedNs) / 1e6;
  if (asked.state !== "answered") throw unanswered(socket, asked);
  await context.print(asked.result, () => `pong in ${tookMs.toFixed(1)} ms from ${socket}\n`);
  return 0;
};
