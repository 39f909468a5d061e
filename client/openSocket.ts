import type { Socket } from "node:net";
import { connect } from "node:net";

import { ConnectionLostError, NotRunningError } from "./errors.js";

/**
 * Connects to the daemon's socket.
 *
 * @param signal ends the attempt, with its reason.
 * @throws {NotRunningError} when nobody listens there.
 */
export function openSocket(path: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const abort = (): void => {
      socket.destroy(signal.reason as Error);
    };
    const failed = (error: NodeJS.ErrnoException): void => {
      signal.removeEventListener("abort", abort);
      reject(connectionError(path, error));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      signal.removeEventListener("abort", abort);
      socket.off("error", failed);
      resolve(socket);
    });
    signal.addEventListener("abort", abort);
  });
}

/** What an error of the system means for whoever wanted to connect. */
export function connectionError(path: string, error: NodeJS.ErrnoException): Error {
  const { code, message } = error;
  if (code === "ENOENT" || code === "ECONNREFUSED") return new NotRunningError(path, { cause: error });
  if (code === "EAGAIN") {
    return new ConnectionLostError(`The daemon on ${path} has more callers than it can take.`, {
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM") {
    return new Error(`The socket ${path} belongs to another user: ${message}`, { cause: error });
  }
  return error;
}
