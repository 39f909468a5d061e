import type { Client, CommandHandle } from "../../client/index.js";
import { passInput } from "./commandInput.js";
import { OutputGoneError, type Output } from "./output.js";

const PIECE_BYTES = 256 * 1_024;

/** One output of a command, where it goes, and from which byte on. */
export interface OutputStream {
  readonly stream: "stdout" | "stderr";
  readonly to: Output;
  readonly sinceBytes?: number;
}

/** What of a command comes here and goes there. */
export interface Streams {
  readonly outputs: readonly OutputStream[];
  /** Read from, where the command takes its input from here. */
  readonly input?: NodeJS.ReadableStream | undefined;
  /** Ends it; nothing is thrown for that. */
  readonly signal?: AbortSignal;
  /** Told when nobody reads an output any more; the other one goes on. */
  readonly onGone: () => Promise<void>;
}

/**
 * Passes a command's outputs on as they come, and its input, until the command has ended and all was passed on. Each output
 * is in the order in which it was written. Between the two the order is that in which the daemon saw them, which looks
 * every tenth of a second: a command that was started with `mergeStderr` has one output, and the order is its own.
 *
 * Answers whether all of it was read.
 */
export async function passStreams(client: Client, handle: CommandHandle, streams: Streams): Promise<boolean> {
  const { outputs, input, signal, onGone } = streams;
  const over = new AbortController();
  const both = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  let isRead = true;
  const pass = async (output: OutputStream): Promise<void> => {
    try {
      await copyOutput(client, handle.commandId, output, both);
    } catch (error) {
      if (both.aborted) return;
      if (!(error instanceof OutputGoneError)) throw error;
      isRead = false;
      await onGone();
    }
  };
  const given = input === undefined ? Promise.resolve() : passInput(handle, input, both);
  const passed = Promise.all(outputs.map(pass)).then(() => handle.wait({ signal: both }));
  try {
    await Promise.race([passed, given.then(() => passed)]);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    over.abort();
    // What one of them meets after the other has failed is no news.
    await Promise.allSettled([passed, given]);
  }
  return isRead;
}

/**
 * Byte for byte: a piece may end in the middle of a character, so it travels as base64. The next piece is asked for when
 * this one was taken.
 */
async function copyOutput(
  client: Client,
  commandId: string,
  { stream, to, sinceBytes = 0 }: OutputStream,
  signal: AbortSignal,
): Promise<void> {
  let next = sinceBytes;
  for (;;) {
    const range = { stream, sinceBytes: next, limitBytes: PIECE_BYTES } as const;
    const asked = { commandId, ...range, follow: true, encoding: "base64" } as const;
    const piece = await client.command.output(asked, { signal });
    if (piece.output !== "") await to.write(Buffer.from(piece.output, "base64"));
    if (piece.ended) return;
    next = piece.nextBytes;
  }
}
