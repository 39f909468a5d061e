import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { NODE_FLAGS } from "./requests.mjs";

/** Starts one of the small servers under `servers/`; `get` is answered by both. */
export async function startNodeServer(bench, folder, file, ...argv) {
  const path = fileURLToPath(new URL(`../servers/${file}`, import.meta.url));
  const socket = join(folder, "socket");
  const child = startChild([process.execPath, ...NODE_FLAGS, path, socket, ...argv], bench.env);
  await untilAnswers(child, socket, '{"jsonrpc":"2.0","id":1,"method":"get","params":{"key":"k"}}\n');
  return { child, socket };
}
