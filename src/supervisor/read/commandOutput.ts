import type { Result, ValidParams } from "../../protocol/types.js";
import { isOver } from "../../session/state.js";
import type { Supervisor } from "../supervisor.js";
import { wholeCharacters } from "./utf8.js";

/**
 * Reads a piece of output. A following call is held until there is one, the command is over, time is up, or nobody
 * waits for it any more.
 */
export async function readCommandOutput(
  supervisor: Supervisor,
  params: ValidParams<"command/output">,
  signal: AbortSignal,
): Promise<Result<"command/output">> {
  const { runner } = supervisor;
  const { commandId, follow, timeoutMs } = params;
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const news = runner.listenForOutput(commandId);
    try {
      const piece = await readPiece(supervisor, params);
      const leftMs = deadlineMs - performance.now();
      const isNews = piece.nextBytes > params.sinceBytes || piece.ended;
      if (isNews || !follow || leftMs <= 0 || signal.aborted) return piece;
      await news.heard(leftMs, signal);
    } finally {
      news.close();
    }
  }
}

/** What there is now. */
async function readPiece(
  supervisor: Supervisor,
  params: ValidParams<"command/output">,
): Promise<Result<"command/output">> {
  const { commandId, sinceBytes, encoding } = params;
  const execution = supervisor.execution(commandId);
  const isEnded = isOver(execution.status);
  const session = supervisor.session(execution.sessionId);
  const { bytes, sizeBytes } = await supervisor.runner.readOutput(session, commandId, params);
  const isLast = isEnded && sinceBytes + bytes.length >= sizeBytes;
  const whole = encoding === "utf8" ? wholeCharacters(bytes, isLast) : bytes;
  const nextBytes = sinceBytes + whole.length;
  return { output: whole.toString(encoding), nextBytes, sizeBytes, ended: isLast };
}
