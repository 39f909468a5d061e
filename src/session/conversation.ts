import type { Conversation } from "./state.js";

/** Messages in a row that are not to be seen: the index of the first and of the last. */
export type HiddenRun = Conversation["hidden"][number];

/**
 * The conversation as it stood `then`, a checkpoint's, within the one of now: what was said since keeps its indices
 * and is hidden, so that going back can be undone and no index is given twice.
 */
export function takenBack(then: Conversation, now: Conversation): Conversation {
  const { count, hidden } = then;
  const { appended } = now;
  if (then.appended >= appended) return { count, appended, hidden };
  return { count, appended, hidden: withRun(hidden, [then.appended + 1, appended]) };
}

/** The run of hidden messages that one belongs to; undefined where the message is to be seen. */
export function hiddenRunOf(hidden: Conversation["hidden"], index: number): HiddenRun | undefined {
  let low = 0;
  let high = hidden.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const run = hidden[middle];
    if (run === undefined || index < run[0]) high = middle - 1;
    else if (index > run[1]) low = middle + 1;
    else return run;
  }
  return undefined;
}

/** The runs with one more behind them; neighbours become one, so between two runs there is a message to be seen. */
function withRun(hidden: Conversation["hidden"], [first, end]: HiddenRun): Conversation["hidden"] {
  const last = hidden.at(-1);
  if (last === undefined || last[1] + 1 < first) return [...hidden, [first, end]];
  return [...hidden.slice(0, -1), [last[0], end]];
}
