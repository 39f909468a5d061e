import type { Writable } from "node:stream";

/** Nobody reads what is written any more: `sessiond list | head -1`. */
export class OutputGoneError extends Error {
  override readonly name = "OutputGoneError";

  constructor() {
    super("Nobody reads the output any more.");
  }
}

/** Writes to a stream, and waits for it: what a slow reader has not taken does not pile up here. */
export class Output {
  readonly #stream: Writable;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Each write is told of its own failure; without a listener Node would throw it out of nowhere as well.
    if (stream.listenerCount("error", ignore) === 0) stream.on("error", ignore);
  }

  /** @throws {OutputGoneError} when the reader is gone. */
  write(chunk: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        if (error === null || error === undefined) resolve();
        else reject(isGone(error) ? new OutputGoneError() : error);
      });
    });
  }
}

function ignore(): void {
  // See the constructor.
}

function isGone(error: NodeJS.ErrnoException): boolean {
  return error.code === "EPIPE" || error.code === "ERR_STREAM_DESTROYED" || error.code === "ECONNRESET";
}
