import { ask, unanswered } from "../ask.js";
import type { Verb } from "../context.js";
import type { VerbSpec } from "../verb.js";

const ANSWER_WITHIN_MS = 5_000;

/** Asks whether the daemon answers. It is what scripts call in a loop, so it loads next to nothing. */
const ping: Verb<object> = async (context) => {
  const socket = await context.socket();
  // Not by `performance`: Node loads a dozen modules for it.
  const startedNs = process.hrtime.bigint();
  const asking = ask(socket, "daemon/ping", ANSWER_WITHIN_MS);
  // Node takes a millisecond to open the stream: as long as the daemon takes for its answer.
  setImmediate(() => void context.out);
  const asked = await asking;
  const tookMs = Number(process.hrtime.bigint() - startedNs) / 1e6;
  if (asked.state !== "answered") throw unanswered(socket, asked);
  await context.print(asked.result, () => `pong in ${tookMs.toFixed(1)} ms from ${socket}\n`);
  return 0;
};

/** How it is called. */
export const PING: VerbSpec = {
  name: "ping",
  group: "The daemon:",
  about: "whether the daemon answers, and how fast",
  load: () => Promise.resolve(ping),
};
