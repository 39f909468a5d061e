import type { EventEmitter } from "node:events";
import roll from "pino-roll";

/** As much of pino-roll's SonicBoom as is used here; pino-roll ships no types. */
export interface RollStream extends EventEmitter {
  /** The path of the file; null until it is open. */
  file: string | null;
  write(line: string): boolean;
  end(): void;
  destroy(): void;
}

/** What pino-roll is asked for. */
export interface RollOptions {
  /** Path and first part of the name: `<file>.<date>.<number>.log`. */
  file: string;
  /** With its unit; `10b` is ten bytes. */
  size: string;
  frequency: "daily";
  dateFormat: string;
  mode: number;
  /** Bytes that may wait for the disk; a line beyond them is dropped with the event `drop`. */
  maxLength: number;
}

/** A stream whose file is open. Rejects with the reason why it could not be opened. */
export async function openRollStream(options: RollOptions): Promise<RollStream> {
  const stream = (await roll(options)) as RollStream;
  await new Promise<void>((resolve, reject) => {
    stream.once("ready", resolve);
    stream.once("error", (error: Error) => {
      retire(stream);
      reject(error);
    });
  });
  stream.removeAllListeners("error");
  // pino-roll waits for "drain" before it rolls, which a steady flood of lines puts off for ever. The end of any
  // write will do: SonicBoom finishes the line and keeps what waits for the next file.
  stream.on("write", () => {
    if (stream.listenerCount("drain") > 0) stream.emit("drain");
  });
  return stream;
}

/**
 * Gives a stream up for good. Not while it is writing: it would go on with a descriptor whose number may be
 * another file's by then.
 */
export function retire(stream: RollStream): void {
  // A reopen that failed leaves a listener that closes the old descriptor upon the next success. Two of them
  // would close it twice, and the second time it may be the journal's. So a stream never reopens after failing.
  stream.removeAllListeners("ready");
  stream.removeAllListeners("drain");
  ignoreErrors(stream);
  stream.destroy();
  // One that never opened says no "close" by itself, and pino-roll keeps its timer until it hears it.
  if (stream.file === null) stream.emit("close");
}

/** Without a listener, an error of a stream that nobody needs any more would end the process. */
function ignoreErrors(stream: RollStream): void {
  stream.removeAllListeners("error");
  stream.on("error", () => undefined);
}

/** Writes what waits and closes. Resolves when that is done, has failed, or `withinMs` are over. */
export function endRollStream(stream: RollStream, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A write that the disk holds up, and a roll that was asked for in the meantime, can keep it from closing.
    const deadline = setTimeout(resolve, withinMs);
    ignoreErrors(stream);
    stream.once("close", () => {
      clearTimeout(deadline);
      resolve();
    });
    stream.once("error", () => {
      clearTimeout(deadline);
      retire(stream);
      resolve();
    });
    stream.end();
  });
}
