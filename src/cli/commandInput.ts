import { SessiondError, type CommandHandle } from "../../client/index.js";
import { isForeground } from "./foreground.js";

/** What of a command takes input. */
export type Taker = Pick<CommandHandle, "write" | "endInput">;

/**
 * Passes standard input on to a command as it comes, and its end. The next piece is read when this one was taken, so a
 * command that does not read holds up whoever writes, as a pipe does. Resolves as well when the command reads no more, or
 * the signal is aborted; then the stream is let go of, so that it keeps no process alive.
 */
export async function passInput(
  taker: Taker,
  stdin: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<void> {
  const letGo = (): void => {
    (stdin as { destroy?: () => void }).destroy?.();
  };
  signal.addEventListener("abort", letGo, { once: true });
  try {
    if ((stdin as { isTTY?: boolean }).isTTY === true) await foreground(signal);
    if (signal.aborted) return;
    for await (const piece of stdin) await taker.write(piece, { signal });
    await taker.endInput({ signal });
  } catch (error) {
    const isClosed = error instanceof SessiondError && error.type === "input_closed";
    if (!signal.aborted && !isClosed) throw error;
  } finally {
    signal.removeEventListener("abort", letGo);
    letGo();
  }
}

/** Resolves when the terminal is ours, which a shell says by SIGCONT. */
async function foreground(signal: AbortSignal): Promise<void> {
  while (!isForeground() && !signal.aborted) {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        process.off("SIGCONT", go);
        signal.removeEventListener("abort", go);
        resolve();
      };
      process.on("SIGCONT", go);
      signal.addEventListener("abort", go);
    });
  }
}
