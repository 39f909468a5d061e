import { close, constants, open as openNow, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { connect, Socket } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

import { claimant } from "./records.js";

const { O_RDONLY, O_DIRECTORY, O_NONBLOCK } = constants;
/** More than a keeper says in all. */
const SAID_BYTES = 1_024;

/** What comes from a keeper, and ends with it. */
export interface Connection {
  readonly socket: Socket;
  /** What was read of it already. */
  readonly said: string;
  /** It tells nobody what it has told somebody else before. */
  readonly isMute: boolean;
}

/**
 * A connection to the keeper that works in a folder; undefined where there is none any more, or not yet. One of sh says
 * its lines once, and takes none.
 *
 * @throws Node's own errors, such as EMFILE, where that cannot be found out
 */
export async function connectToKeeper(folder: string): Promise<Connection | undefined> {
  try {
    return await ((await claimant(folder)) === "sh" ? connectToShell(folder) : connectToProgram(folder));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return undefined;
    throw error;
  }
}

/** The path may be longer than the system takes for a socket, so it goes by a descriptor of the folder. */
async function connectToProgram(folder: string): Promise<Connection> {
  const directory = await open(folder, O_RDONLY | O_DIRECTORY);
  try {
    return { socket: await connected(`/proc/self/fd/${directory.fd}/socket`), said: "", isMute: false };
  } finally {
    await directory.close();
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      // What goes wrong later shows by its end.
      socket.on("error", () => {});
      resolve(socket);
    });
  });
}

/** Opened without waiting, a pipe that nobody has open for writing is at its end, and another one has nothing yet. */
async function connectToShell(folder: string): Promise<Connection | undefined> {
  const descriptor = await promisify(openNow)(join(folder, "claim"), O_RDONLY | O_NONBLOCK);
  const said = readWaiting(descriptor);
  if (said === undefined) {
    await promisify(close)(descriptor);
    return undefined;
  }
  const socket = new Socket({ fd: descriptor, readable: true, writable: false });
  socket.on("error", () => {});
  return { socket, said, isMute: true };
}

function readWaiting(descriptor: number): string | undefined {
  const buffer = Buffer.alloc(SAID_BYTES);
  try {
    const length = readSync(descriptor, buffer);
    return length === 0 ? undefined : buffer.toString("utf8", 0, length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return "";
    throw error;
  }
}
