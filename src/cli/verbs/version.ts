import type { Verb } from "../context.js";
import { VERSION } from "../../version.js";

/** Prints the version of this program; `status` tells that of the daemon. */
export const version: Verb<object> = async (context) => {
  const result = { version: VERSION, node: process.versions.node };
  await context.print(result, () => `sessiond ${result.version} (node ${result.node})\n`);
  return 0;
};
