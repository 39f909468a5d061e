import type { Verb } from "../context.js";

/** Prints the path of the socket, whether or not somebody listens there. */
export const socketPath: Verb<object> = async (context) => {
  const socket = await context.socket();
  await context.print({ socket }, () => `${socket}\n`);
  return 0;
};
