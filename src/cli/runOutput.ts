import type { Client } from "../../client/index.js";
import type { Output } from "./output.js";

const PIECE_BYTES = 256 * 1_024;

/**
 * Passes a command's output on as it comes, until the command has ended. Byte for byte: a piece may end in the
 * middle of a character, so it travels as base64. The next piece is asked for when this one was taken.
 */
export async function copyOutput(
  client: Client,
  commandId: string,
  stream: "stdout" | "stderr",
  to: Output,
): Promise<void> {
  let sinceBytes = 0;
  for (;;) {
    const piece = await client.command.output({
      commandId,
      stream,
      sinceBytes,
      limitBytes: PIECE_BYTES,
      follow: true,
      encoding: "base64",
    });
    if (piece.output !== "") await to.write(Buffer.from(piece.output, "base64"));
    if (piece.ended) return;
    sinceBytes = piece.nextBytes;
  }
}
