/** Everybody who may be measured. */
import { bare } from "./bare.mjs";
import { echo } from "./echo.mjs";
import { pm2 } from "./pm2.mjs";
import { redis } from "./redis.mjs";
import { sessiond } from "./sessiond.mjs";
import { sqlite } from "./sqlite.mjs";
import { supervisord } from "./supervisord.mjs";
import { watchman } from "./watchman.mjs";

/** The yardstick of the command line: Node that does nothing. */
export const node = { name: "node" };
/** The yardstick of recovery: reading a journal in chunks, its checksums, and JSON.parse of every line. */
export const parse = { name: "parse" };

export { bare, echo, pm2, redis, sessiond, sqlite, supervisord, watchman };

/** In the order of the columns. */
export const PEER_NAMES = [sessiond, redis, bare, echo, sqlite, pm2, supervisord, watchman, node, parse].map(
  ({ name }) => name,
);
