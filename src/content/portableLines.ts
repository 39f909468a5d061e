import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";

const NEWLINE = 0x0a;
/** A link is not followed, and a pipe that somebody put there does not hold the reader up. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const CHUNK_BYTES = 256 * 1024;

/** A file cannot be read as lines: the message says why, without naming the file. */
export class PortableLinesError extends Error {
  override readonly name = "PortableLinesError";
}

export interface PortableLinesOptions {
  /** A longer line is an error, so that memory stays bounded. */
  readonly maxLineBytes: number;
  /** Told how much of the file has been read, and how long it is. */
  readonly onRead?: (readBytes: number, sizeBytes: number) => void;
}

/**
 * The lines of a file that anybody may have put there, without their ends, many at a time; decompressed where it is
 * compressed, whatever its name is. What follows the last line end comes as a line too, and an end that has nothing
 * behind it brings none.
 *
 * @throws {PortableLinesError} where it is no file, cannot be decompressed or has too long a line; and what the system
 *   says where it cannot be read
 */
export async function* readPortableLines(
  path: string,
  { maxLineBytes, onRead = () => undefined }: PortableLinesOptions,
): AsyncGenerator<Buffer[]> {
  const file = await open(path, READ_FLAGS);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new PortableLinesError("it is not a file");
    const magic = Buffer.alloc(2);
    await file.read(magic, 0, 2, 0);
    const raw = chunksOf(file, (readBytes) => onRead(readBytes, found.size));
    const isCompressed = magic[0] === 0x1f && magic[1] === 0x8b;
    yield* linesOf(isCompressed ? expanded(raw) : raw, maxLineBytes);
  } finally {
    await file.close();
  }
}

/** Compresses what is written, as `readPortableLines` takes it. */
export async function* compressed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* through(pieces, createGzip());
}

async function* chunksOf(file: FileHandle, onRead: (readBytes: number) => void): AsyncGenerator<Buffer> {
  let position = 0;
  for (;;) {
    // A fresh one each time, since lines are handed out by reference.
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    onRead(position);
    yield chunk.subarray(0, bytesRead);
  }
}

async function* expanded(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    yield* through(pieces, createGunzip({ chunkSize: CHUNK_BYTES }));
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !String(error.code).startsWith("Z_")) throw error;
    throw new PortableLinesError(`it cannot be decompressed: ${error.message}`, { cause: error });
  }
}

/** The pieces by way of a stream; a failure on either side ends both. */
async function* through(
  pieces: AsyncIterable<Uint8Array>,
  stream: ReturnType<typeof createGzip>,
): AsyncGenerator<Buffer> {
  const written = pipeline(Readable.from(pieces, { objectMode: false }), stream);
  // It is awaited below; until then its failure comes by way of the stream.
  written.catch(() => undefined);
  yield* stream as AsyncIterable<Buffer>;
  await written;
}

async function* linesOf(pieces: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const piece of pieces) {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end >= 0; end = piece.indexOf(NEWLINE, start)) {
      lines.push(
        rest.length === 0 ? piece.subarray(start, end) : Buffer.concat([...rest, piece.subarray(start, end)]),
      );
      rest = [];
      restBytes = 0;
      start = end + 1;
    }
    if (lines.length > 0) yield lines;
    if (start < piece.length) rest.push(piece.subarray(start));
    restBytes += piece.length - start;
    if (restBytes > maxLineBytes)
      throw new PortableLinesError(
        `a line is longer than ${maxLineBytes} bytes, and none that belongs in it is`,
      );
  }
  if (restBytes > 0) yield [Buffer.concat(rest)];
}
