import { Socket } from "node:net";

/** What Node keeps of an accepted socket beside what its types say. */
interface Accepted {
  _handle?: object | null;
  /** The server that counts it among its connections, and is told when it is gone. */
  _server?: object | null;
}

/** What one read takes at most; Node reads into as much, for each read anew. */
const READ_BYTES = 65_536;

let shared: Buffer | undefined;

/**
 * The accepted socket, reading into one buffer that all sockets share. Node sets 64 KiB aside for each read, and has
 * them collected, which is a good part of what a small request costs. `onread` spares that, and Node offers it to sockets that
 * connect, not to those that a server accepts; so a second socket takes over the handle of the first. Where Node
 * does not have it there, the socket stays as it is.
 *
 * **The bytes of "data" are valid during the event alone.** Whoever listens copies what it keeps, as `LineDecoder`
 * does.
 */
export function withSharedReads(accepted: Socket): Socket {
  const from: Accepted = accepted as unknown as Accepted;
  if (typeof from._handle !== "object" || from._handle === null || from._server === undefined)
    return accepted;
  const buffer = (shared ??= Buffer.allocUnsafeSlow(READ_BYTES));
  const options = {
    handle: from._handle,
    allowHalfOpen: accepted.allowHalfOpen,
    onread: {
      buffer,
      callback: (sizeBytes: number): boolean => {
        socket.emit("data", buffer.subarray(0, sizeBytes));
        return true;
      },
    },
  };
  const socket = new Socket(options);
  (socket as unknown as Accepted)._server = from._server;
  from._server = null;
  from._handle = null;
  return socket;
}
