import type { CommandShape } from "../src/protocol/types.js";

export { SessiondError } from "../src/rpc/remoteError.js";

/** Nobody listens on the socket. `cause` is the system's error: `ENOENT` or `ECONNREFUSED`. */
export class NotRunningError extends Error {
  override readonly name = "NotRunningError";
  readonly socket: string;

  constructor(socket: string, options?: ErrorOptions) {
    super(`No sessiond answers on ${socket}. Start it with \`sessiond start\`.`, options);
    this.socket = socket;
  }
}

/** The daemon could not be started; the message says what it said. */
export class StartFailedError extends Error {
  override readonly name = "StartFailedError";
}

/** The connection broke, or could not be made in time. Of a call under way nobody knows whether it was done. */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
}

/** The other end of the socket sends what no sessiond of this protocol sends. Trying again does not help. */
export class ForeignPeerError extends Error {
  override readonly name = "ForeignPeerError";
}

/** The client was closed by its own program, before the call or while it was under way. */
export class ClientClosedError extends Error {
  override readonly name = "ClientClosedError";

  constructor() {
    super("The client is closed. Connect anew to go on.");
  }
}

/** More calls wait for their answers than the client holds. */
export class TooManyCallsError extends Error {
  override readonly name = "TooManyCallsError";
  readonly limit: number;

  constructor(method: string, limit: number) {
    super(
      `${method} was not sent: ${limit} calls wait for their answers, which is the limit. ` +
        "Await some of them first, or raise maxOutstandingCalls.",
    );
    this.limit = limit;
  }
}

/** A command ended in another way than with exit code 0. */
export class CommandFailedError extends Error {
  override readonly name = "CommandFailedError";
  readonly command: CommandShape;

  constructor(command: CommandShape) {
    super(`${command.argv.join(" ").slice(0, 200)}: ${outcomeOf(command)} (command ${command.commandId})`);
    this.command = command;
  }
}

function outcomeOf({ status, cause, exitCode, signal, error }: CommandShape): string {
  if (error !== undefined) return error;
  if (cause === "exited" && exitCode !== undefined) return `exit code ${exitCode}`;
  if (cause === "exited" && signal !== undefined) return `ended by ${signal}`;
  return cause === undefined ? status : `${status} (${cause})`;
}
