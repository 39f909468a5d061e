import type { Duplex } from "node:stream";

/** A longer text is encoded here: the stream would set aside three bytes a letter for it. */
const ENCODE_FROM_LENGTH = 16_384;

/**
 * What waits to be sent to one peer. Everything that is pushed in one turn of the loop becomes one write, as
 * one string: faster than `cork`, which hands the pieces on one by one. While the stream is full nothing more
 * is given to it, so that what waits is counted here, in bytes.
 */
export class Outbox {
  readonly #stream: Duplex;
  readonly #boundBytes: number;
  readonly #onRoom: () => void;
  #text = "";
  #textBytes = 0;
  #scheduled = false;
  #blocked = false;
  #full = false;
  #ended = false;

  /** `onRoom` is called when the queue, after it was full, has shrunk to half its bound. */
  constructor(options: {
    readonly stream: Duplex;
    readonly boundBytes: number;
    readonly onRoom: () => void;
  }) {
    this.#stream = options.stream;
    this.#boundBytes = options.boundBytes;
    this.#onRoom = options.onRoom;
    this.#stream.on("drain", () => {
      this.#blocked = false;
      this.#flush();
    });
  }

  /** The bytes that wait, here and in the stream. */
  get queuedBytes(): number {
    return this.#textBytes + this.#stream.writableLength;
  }

  /** Whether the queue has reached its bound and not yet shrunk to half of it. */
  get full(): boolean {
    return this.#full;
  }

  /** Nothing more is taken. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Queues one line, without its newline, whatever the bound; nothing after `end`. */
  push(line: string): void {
    if (this.#ended) return;
    this.#text += `${line}\n`;
    this.#textBytes += Buffer.byteLength(line) + 1;
    if (!this.#full) this.#full = this.queuedBytes >= this.#boundBytes;
    if (this.#scheduled || this.#blocked) return;
    this.#scheduled = true;
    // After the event that is being handled and after all promises that it has settled: the end of the turn.
    process.nextTick(this.#flush);
  }

  /** Sends what waits and ends this side of the stream. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#write();
    this.#stream.end();
  }

  /** The stream is gone: forgets what waits. */
  discard(): void {
    this.#ended = true;
    this.#text = "";
    this.#textBytes = 0;
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#ended) return;
    this.#write();
    this.#lookForRoom();
  };

  #write(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    this.#textBytes = 0;
    const piece = text.length < ENCODE_FROM_LENGTH ? text : Buffer.from(text);
    // A stream that holds more than our own bound never says "drain"; its callback tells as well.
    this.#blocked = !this.#stream.write(piece, this.#full ? this.#lookForRoom : undefined);
  }

  readonly #lookForRoom = (): void => {
    if (!this.#full || this.#ended || this.queuedBytes * 2 > this.#boundBytes) return;
    this.#full = false;
    this.#onRoom();
  };
}
