/** Everything that can be measured, in the order in which it is. */
import { cli } from "./cli.mjs";
import { commands } from "./commands.mjs";
import { conversation } from "./conversation.mjs";
import { fanOut } from "./fanOut.mjs";
import { idle } from "./idle.mjs";
import { list } from "./list.mjs";
import { memory } from "./memory.mjs";
import { reads } from "./reads.mjs";
import { recovery } from "./recovery.mjs";
import { sampling } from "./sampling.mjs";
import { search } from "./search.mjs";
import { start } from "./start.mjs";
import { writes } from "./writes.mjs";

/**
 * @typedef {object} Part
 * @property {string} name what `--only` calls it
 * @property {string} title
 * @property {string} about what is measured, and how: Markdown, one paragraph
 * @property {number} [repeat] how often its cells are measured in one round; once if absent
 * @property {(bench: import("../workbench.mjs").Workbench) => Promise<OpenPart>} open
 *
 * @typedef {object} OpenPart
 * @property {readonly Cell[]} cells each is measured once a round, in turn
 * @property {() => Promise<void>} [close]
 *
 * @typedef {() => Promise<readonly Figure[]>} Cell
 *
 * @typedef {object} Figure
 * @property {string} row
 * @property {string} peer
 * @property {"/s" | "ms" | "s" | "MB" | "KB" | "×" | "% of a core"} unit
 * @property {number} value
 * @property {number} [p50Us]
 * @property {number} [p99Us]
 * @property {number} [loadCpu] the share of a core that the load generator took
 * @property {readonly Goal[]} [goals] those of sessiond
 *
 * @typedef {object} Goal what the figure is to be, or its ratio to another peer's
 * @property {string} [against]
 * @property {"value" | "p99Us"} [figure] `value` if absent
 * @property {number} [atLeast]
 * @property {number} [atMost]
 */

/** @type {readonly Part[]} */
export const PARTS = [
  writes,
  reads,
  list,
  fanOut,
  recovery,
  memory,
  idle,
  cli,
  start,
  commands,
  search,
  conversation,
  sampling,
];
