import type { Writable } from "node:stream";

import { InputClosedError, type InputState, type ProcessInput } from "./input.js";

/** The input of a child of the daemon: a pipe, which ends with the daemon. */
export class PipeInput implements ProcessInput {
  readonly #pipe: Writable;
  #givenBytes = 0;

  constructor(pipe: Writable) {
    this.#pipe = pipe;
    // EPIPE is the process's own decision; the next write is told.
    pipe.on("error", () => {});
  }

  state(): Promise<InputState> {
    return Promise.resolve({ givenBytes: this.#givenBytes, hasEnded: this.#pipe.writableEnded });
  }

  /** Takes a piece as a whole, or, as long as the one before is not read, nothing: so it keeps one of them at most. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#pipe.destroyed || this.#pipe.writableEnded) return Promise.reject(new InputClosedError());
    if (this.#pipe.writableLength > 0) return Promise.resolve(0);
    this.#pipe.write(bytes);
    this.#givenBytes += bytes.length;
    return Promise.resolve(bytes.length);
  }

  end(): Promise<void> {
    this.#pipe.end();
    return Promise.resolve();
  }
}
