import { isUtf8 } from "node:buffer";

/** Why a line cannot be read: it is longer than the bound, or its bytes are not UTF-8. */
export type FrameFault = "too_long" | "not_utf8";

/** One line without its end, or what is wrong with it. */
export type Frame = { readonly line: string } | { readonly fault: FrameFault };

const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
/** What an unfinished line is given first; it doubles from there. */
const FIRST_HOLD_BYTES = 1_024;

/**
 * Cuts a stream of bytes into lines at 0x0A alone; empty lines are skipped. Lines that are complete within a
 * chunk, nearly all of them, are checked and decoded together. The rest of a chunk is copied into a buffer of
 * its own, which doubles as it grows: it keeps no chunk alive, and a peer that sends byte by byte makes no pile
 * of small buffers. A line over `maxBytes` is reported once, at once, and the rest of it is dropped unseen.
 */
export class LineDecoder {
  readonly #maxBytes: number;
  #held: Buffer = NOTHING;
  #heldBytes = 0;
  #dropping = false;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /** The lines that this chunk completes, in order. */
  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    let from = 0;
    if (this.#dropping || this.#heldBytes > 0) {
      const end = chunk.indexOf(NEWLINE);
      this.#hold(end < 0 ? chunk : chunk.subarray(0, end), frames);
      if (end < 0) return frames;
      this.#finishHeld(frames);
      from = end + 1;
    }
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= from) {
      this.#readLines(chunk.subarray(from, last), frames);
      from = last + 1;
    }
    if (from < chunk.length) this.#hold(chunk.subarray(from), frames);
    return frames;
  }

  /** The stream has ended: a last line counts also without a newline. */
  end(): Frame[] {
    const frames: Frame[] = [];
    this.#finishHeld(frames);
    return frames;
  }

  #readLines(block: Buffer, frames: Frame[]): void {
    // A newline is never part of a longer UTF-8 sequence, so a block is valid when and only when its lines are.
    if (block.length <= this.#maxBytes && isUtf8(block)) {
      const text = block.toString("utf8");
      // Mostly it is one request and its answer, and to look whether there is anything to cut takes less than cutting.
      if (text.includes("\n")) for (const line of text.split("\n")) keepLine(line, frames);
      else keepLine(text, frames);
      return;
    }
    for (let from = 0; from <= block.length;) {
      const newline = block.indexOf(NEWLINE, from);
      const end = newline < 0 ? block.length : newline;
      this.#readLine(block.subarray(from, end), frames);
      from = end + 1;
    }
  }

  #readLine(bytes: Buffer, frames: Frame[]): void {
    if (bytes.length > this.#maxBytes) frames.push({ fault: "too_long" });
    else if (!isUtf8(bytes)) frames.push({ fault: "not_utf8" });
    else keepLine(bytes.toString("utf8"), frames);
  }

  #hold(piece: Buffer, frames: Frame[]): void {
    if (this.#dropping) return;
    const size = this.#heldBytes + piece.length;
    if (size > this.#maxBytes) {
      frames.push({ fault: "too_long" });
      this.#dropping = true;
      this.#release();
      return;
    }
    if (size > this.#held.length) {
      const room = Math.max(size, Math.min(2 * this.#held.length, this.#maxBytes), FIRST_HOLD_BYTES);
      const grown = Buffer.allocUnsafe(room);
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    piece.copy(this.#held, this.#heldBytes);
    this.#heldBytes = size;
  }

  #finishHeld(frames: Frame[]): void {
    if (!this.#dropping) this.#readLine(this.#held.subarray(0, this.#heldBytes), frames);
    this.#dropping = false;
    this.#release();
  }

  #release(): void {
    this.#held = NOTHING;
    this.#heldBytes = 0;
  }
}

/** A lone carriage return is an empty line too: some tools end their lines with CR LF. */
function keepLine(line: string, frames: Frame[]): void {
  if (line !== "" && line !== "\r") frames.push({ line });
}
