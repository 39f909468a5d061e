import { styleText } from "node:util";

/** The few styles that the output uses. */
export type Style =
  "bold" | "dim" | "red" | "green" | "yellow" | "cyan" | "magenta" | "inverse" | "underline";

/** Puts a style on a text, or leaves it as it is where nobody would see it. */
export type Paint = (style: Style, text: string) => string;

/** What decides about colours. */
export interface ColorWish {
  /** False with `--no-color`. */
  readonly wanted: boolean;
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colours only on a terminal that can show them, and never where `NO_COLOR` is set (https://no-color.org). */
export function hasColor({ wanted, isTerminal, env }: ColorWish): boolean {
  const refused = env["NO_COLOR"];
  return wanted && isTerminal && (refused === undefined || refused === "") && env["TERM"] !== "dumb";
}

/** The painter for a stream. */
export function paintOf(wish: ColorWish): Paint {
  if (!hasColor(wish)) return (_, text) => text;
  // Whether to colour is decided above; styleText would look at the process's own stdout instead.
  return (style, text) => (text === "" ? text : styleText(style, text, { validateStream: false }));
}
