/** The standard input of a process that was started with `openStdin`. One writer at a time. */
export interface ProcessInput {
  /** How many bytes it was given so far, by whatever daemon, and whether its end was told. */
  state(): Promise<InputState>;
  /**
   * Gives it as much of the bytes as it takes at once, and answers how many that were; 0 where it is full.
   *
   * @throws {InputClosedError} when nobody will ever read what is given
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells the end of it; again is harmless. */
  end(): Promise<void>;
}

/** What an input was given. */
export interface InputState {
  readonly givenBytes: number;
  readonly hasEnded: boolean;
}

/** The process has closed its standard input, or is gone. */
export class InputClosedError extends Error {
  override readonly name = "InputClosedError";

  constructor(options?: ErrorOptions) {
    super("Nobody reads this input any more.", options);
  }
}
