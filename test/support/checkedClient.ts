import { connect as connectSocket, Socket } from "node:net";

import { type Client, connect, type ConnectOptions, NotRunningError } from "../../client/index.js";
import { LineDecoder } from "../../src/rpc/framing.js";
import { WireCheck } from "./wireCheck.js";

/** The real client, with an eye on its wire. */
export interface CheckedClient {
  readonly client: Client;
  readonly faults: readonly string[];
  /** The socket of its present connection. */
  readonly socket: () => Socket | undefined;
}

/** Connects the real client over the socket and checks everything that goes over it. */
export async function connectChecked(path: string, options: ConnectOptions = {}): Promise<CheckedClient> {
  const faults: string[] = [];
  let current: Socket | undefined;
  const open = async (): Promise<Socket> => {
    current = await openSocket(path);
    watch(current, faults);
    return current;
  };
  return { client: await connect({ open, ...options }), faults, socket: () => current };
}

function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(path);
    socket.once("error", (error) => reject(new NotRunningError(path, { cause: error })));
    socket.once("connect", () => resolve(socket));
  });
}

function watch(socket: Socket, faults: string[]): void {
  const check = new WireCheck();
  const decoder = new LineDecoder({ maxBytes: 1_024 * 1_024 * 1_024 });
  const write = (text: string): boolean => Socket.prototype.write.call(socket, text);
  // The client writes whole lines as text and nothing else.
  socket.write = (text: string) => {
    check.sent(text);
    return write(text);
  };
  socket.on("data", (chunk: Buffer) => {
    for (const frame of decoder.push(chunk)) if ("line" in frame) check.received(frame.line);
    faults.push(...check.faults.splice(0));
  });
}
