import { SessiondError } from "../src/rpc/remoteError.js";
import { ConnectionLostError, ForeignPeerError, NotRunningError } from "./errors.js";

/** Whether what went wrong is over once the daemon is back: then trying again makes sense. */
export function canPass(error: unknown): boolean {
  return (
    error instanceof ConnectionLostError ||
    error instanceof NotRunningError ||
    (error instanceof SessiondError && error.type === "shutting_down")
  );
}

/** Whether somebody is there and does not want this client: then connecting again does not help. */
export function isUnwanted(error: unknown): boolean {
  return error instanceof ForeignPeerError || (error instanceof SessiondError && !canPass(error));
}

/** Whether the daemon says that the session has ended or is gone: there is nothing left to end or to keep alive. */
export function isSessionOver(error: unknown): boolean {
  if (!(error instanceof SessiondError)) return false;
  if (error.type === "session_not_found") return true;
  const isRefused = error.type === "session_not_active" || error.type === "invalid_transition";
  return isRefused && error.details["status"] !== "paused";
}
