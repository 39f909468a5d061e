import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { connect, type Socket } from "node:net";

const { O_RDONLY, O_DIRECTORY } = constants;

/**
 * A connection to the keeper that works in a folder; undefined where there is none any more, or not yet. The path may be
 * longer than the system takes for a socket, so it goes by a descriptor of the folder.
 *
 * @throws Node's own errors, such as EMFILE, where that cannot be found out
 */
export async function connectToKeeper(folder: string): Promise<Socket | undefined> {
  try {
    const directory = await open(folder, O_RDONLY | O_DIRECTORY);
    try {
      return await connected(`/proc/self/fd/${directory.fd}/socket`);
    } finally {
      await directory.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return undefined;
    throw error;
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
