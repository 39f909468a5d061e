import type { CommandShape, Params, Result } from "../src/protocol/types.js";
import type { Call } from "./callTypes.js";
import type { CallOptions } from "./calls.js";

/**
 * How long one answer is held back before the question is asked again. The daemon answers so many calls of one
 * connection at a time and then reads no more of it; were they all held for hours, heartbeats would not get through.
 */
const WAIT_MS = 20_000;

/** Bytes of one piece of input; as base64 it stays within the limit of the protocol. */
const PIECE_BYTES = 128 * 1_024;

const IS_OVER = {
  starting: false,
  running: false,
  backing_off: false,
  succeeded: true,
  failed: true,
  timed_out: true,
  cancelled: true,
  lost: true,
} satisfies Record<CommandShape["status"], boolean>;

/** What to read of a command's output. */
export interface OutputOptions extends CallOptions {
  /** Defaults to `stdout`. */
  readonly stream?: "stdout" | "stderr";
  /** Where to begin; the beginning if absent. */
  readonly sinceBytes?: number;
}

/** One command of a session. It runs on whether or not somebody holds a handle on it. */
export class CommandHandle {
  readonly commandId: string;
  readonly #call: Call;
  /** How much of its input the command was given; undefined until this handle has asked. */
  #givenBytes: number | undefined;
  #lastGiven: Promise<void> = Promise.resolve();

  constructor(call: Call, commandId: string) {
    this.#call = call;
    this.commandId = commandId;
  }

  /** The command as it is now. */
  get(options?: CallOptions): Promise<CommandShape> {
    return this.#call("command/get", { commandId: this.commandId }, options);
  }

  /** Waits until the command has ended, retries included, however long that takes. */
  async wait(options?: CallOptions): Promise<CommandShape> {
    for (;;) {
      const params = { commandId: this.commandId, timeoutMs: WAIT_MS };
      const command = await this.#call("command/wait", params, options);
      if (IS_OVER[command.status]) return command;
    }
  }

  /**
   * Sends a signal, SIGTERM if none is named, to the command's process group.
   *
   * @param options `graceMs`: send SIGKILL so much later to what is left.
   */
  signal(
    signal?: Params<"command/signal">["signal"],
    options: Pick<Params<"command/signal">, "graceMs"> = {},
  ): Promise<Result<"command/signal">> {
    return this.#call("command/signal", { commandId: this.commandId, signal, ...options });
  }

  /**
   * Gives a command that was started with `openStdin` a piece of its standard input, and resolves when the command has
   * taken it, however long that takes. Nothing is given twice, also where the connection broke meanwhile.
   *
   * @throws {SessiondError} `input_closed` when the command reads no more input, or has ended.
   */
  write(input: string | Uint8Array, options?: CallOptions): Promise<void> {
    return this.#give(Buffer.from(input), false, options);
  }

  /** Tells the command the end of its standard input. Again is harmless. */
  endInput(options?: CallOptions): Promise<void> {
    return this.#give(Buffer.alloc(0), true, options);
  }

  /** The output as text, piece by piece as it comes, until the command has ended and all was read. */
  async *output(options: OutputOptions = {}): AsyncGenerator<string, void, undefined> {
    const { stream = "stdout", signal } = options;
    let sinceBytes = options.sinceBytes ?? 0;
    for (;;) {
      const params = { commandId: this.commandId, stream, sinceBytes, follow: true, timeoutMs: WAIT_MS };
      const piece = await this.#call("command/output", params, { signal });
      if (piece.output !== "") yield piece.output;
      if (piece.ended) return;
      sinceBytes = piece.nextBytes;
    }
  }

  #give(bytes: Buffer, eof: boolean, options?: CallOptions): Promise<void> {
    // One after the other: where a piece begins is known when the one before was taken.
    const given = this.#lastGiven.then(() => this.#giveNow(bytes, eof, options));
    this.#lastGiven = given.catch(() => undefined);
    return given;
  }

  async #giveNow(bytes: Buffer, eof: boolean, options?: CallOptions): Promise<void> {
    const write = async (data: Buffer, offsetBytes: number, isEnd: boolean): Promise<number> => {
      const piece = { data: data.toString("base64"), encoding: "base64", offsetBytes, eof: isEnd } as const;
      const params = { commandId: this.commandId, ...piece, timeoutMs: WAIT_MS };
      return (await this.#call("command/write", params, options)).nextBytes;
    };
    // A handle that has given nothing goes on behind what others have.
    let next = (this.#givenBytes ??= await write(Buffer.alloc(0), 0, false));
    const end = next + bytes.length;
    while (next < end) {
      const from = bytes.length - (end - next);
      next = this.#givenBytes = await write(bytes.subarray(from, from + PIECE_BYTES), next, false);
    }
    if (eof) await write(Buffer.alloc(0), next, true);
  }
}
