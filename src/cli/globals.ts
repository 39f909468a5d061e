import type { OptionSpec } from "./verb.js";

/** The options of every verb; they may stand before it or after it. */
export const GLOBALS: readonly OptionSpec[] = [
  { flags: "--socket <path>", about: "socket of the daemon" },
  { flags: "--data-dir <path>", about: "data folder of the daemon" },
  { flags: "--config <path>", about: "configuration file" },
  { flags: "--json", about: "print the result, and errors, as JSON" },
  { flags: "--no-color", about: "no colours; NO_COLOR says the same" },
];
