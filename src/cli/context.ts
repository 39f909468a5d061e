import type { Client, ConnectOptions } from "../../client/index.js";
import { Output } from "./output.js";
import type { ColorWish, Paint } from "./paint.js";
import { hasColor, paintOf } from "./paint.js";
import type { Pointers } from "./whereabouts.js";
import { socketOf } from "./whereabouts.js";

/** The streams and the environment of the caller; a test brings its own. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream & CanBeTerminal;
  readonly stderr: NodeJS.WritableStream & CanBeTerminal;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface CanBeTerminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The options that every verb takes. */
export interface Globals extends Pointers {
  readonly json: boolean;
  readonly color: boolean;
}

/** One call of the command line, as its verb sees it. */
export interface Context {
  readonly io: Io;
  readonly globals: Globals;
  readonly out: Output;
  readonly err: Output;
  /** Colours for stdout, and whether there are any. */
  readonly paint: Paint;
  readonly hasColor: boolean;
  /** Columns of the terminal; where there is none, nothing has to be cut. */
  readonly width: number;
  /** The socket of the daemon that is meant. */
  socket(): Promise<string>;
  /** Runs `work` with a connection, and closes it. */
  withClient<T>(work: (client: Client) => Promise<T>, options?: ConnectOptions): Promise<T>;
  /** Prints a result: as JSON with `--json`, else in words. */
  print(result: unknown, words: () => string): Promise<void>;
}

/** A command of the command line; answers the exit code. */
export type Verb<Options> = (context: Context, options: Options, args: readonly string[]) => Promise<number>;

/** A daemon that does not answer for so long is as good as none, to somebody who waits at a prompt. */
const CONNECT_TIMEOUT_MS = 5_000;
const NARROWEST = 40;

/** The context of one call. */
export function contextOf(io: Io, globals: Globals): Context {
  // The streams of a process are opened when they are looked at: for what is said there, and not before.
  let opened: Output | undefined;
  let err: Output | undefined;
  const out = (): Output => (opened ??= new Output(io.stdout as NodeJS.WriteStream));
  const isTerminal = (): boolean => io.stdout.isTTY === true;
  const wish = (): ColorWish => ({ wanted: globals.color, isTerminal: isTerminal(), env: io.env });
  const socket = (): Promise<string> => socketOf(globals, io.env);
  return {
    io,
    globals,
    get out() {
      return out();
    },
    get err() {
      return (err ??= new Output(io.stderr as NodeJS.WriteStream));
    },
    get paint() {
      return paintOf(wish());
    },
    get hasColor() {
      return hasColor(wish());
    },
    get width() {
      return isTerminal() ? Math.max(NARROWEST, io.stdout.columns ?? 80) : Number.POSITIVE_INFINITY;
    },
    socket,
    async withClient(work, options) {
      const { connect } = await import("../../client/index.js");
      const client = await connect({
        socket: await socket(),
        name: "sessiond",
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        ...options,
      });
      try {
        return await work(client);
      } finally {
        await client.close();
      }
    },
    print: (result, words) => out().write(globals.json ? asJson(result, isTerminal()) : words()),
  };
}

/** JSON for people on a terminal, one line for programs. */
export function asJson(value: unknown, isTerminal: boolean): string {
  return `${JSON.stringify(value, undefined, isTerminal ? 2 : 0)}\n`;
}
