import type { Paint } from "./paint.js";
import { facts } from "./table.js";

/** The options of `start` and `restart`: beside these, every setting of the configuration by its option name. */
export interface StartOptions extends Readonly<Record<string, unknown>> {
  readonly detach?: boolean;
  readonly quiet?: boolean;
}

/** Where a daemon is to be found. */
export interface Whereabouts {
  readonly pid: number;
  readonly socket: string;
  readonly dataDir: string;
  readonly logDir: string;
}

/** What somebody wants to know who has just started a daemon. */
export function welcome(paint: Paint, headline: string, { socket, dataDir, logDir }: Whereabouts): string {
  const dim = (text: string): string => paint("dim", text);
  const places = facts(
    [
      ["socket", socket],
      ["data", dataDir],
      ["logs", logDir],
    ],
    dim,
  );
  const next = facts(
    [
      ["sessiond run -- echo hello", dim("run a command in a session")],
      ["sessiond list", dim("see what there is")],
      ["sessiond events -f", dim("follow what happens")],
    ],
    (text) => text,
  );
  return `${paint("bold", headline)}\n${indent(places)}Next:\n${indent(next)}`;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

/** What `--json` prints of a daemon that was started, or was there before. */
export function startedResult({ pid, socket, dataDir, logDir }: Whereabouts, started: boolean): object {
  return { started, pid, socket, dataDir, logDir };
}
