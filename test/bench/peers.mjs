/** The servers that are measured: each is started in a folder of its own, and knows its writes and its reads. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What `sessiond start` gives its daemon, and so the other Node servers too. */
const NODE_FLAGS = ["--max-semi-space-size=32"];

const here = new URL(".", import.meta.url).pathname;
const request = (method, params) => `{"jsonrpc":"2.0","id":"@","method":"${method}","params":${params}}\n`;
const VALUE = "value-of-some-length-@";

/** `start` answers the socket's path and the process. `missing` says why a peer cannot take part. */
export const PEERS = {
  sessiond: {
    write: request("metadata/set", `{"sessionId":"s&","key":"k#","value":"${VALUE}","idempotencyKey":"@"}`),
    read: request("session/get", '{"sessionId":"s&"}'),
    start: async (folder) => {
      const socket = join(folder, "socket");
      return { socket, process: await ready([join(here, "daemon.mjs"), join(folder, "data"), socket]) };
    },
  },
  redis: {
    missing:
      spawnSync("redis-server", ["--version"]).error &&
      "redis-server is not installed (apt-get install redis-server)",
    write: `*4\r\n$4\r\nHSET\r\n$4\r\ns&\r\n$3\r\nk#\r\n$31\r\n${VALUE}\r\n`,
    read: undefined,
    start: async (folder) => {
      const socket = join(folder, "socket");
      const settings = {
        port: 0,
        unixsocket: socket,
        dir: folder,
        appendonly: "yes",
        appendfsync: "always",
        save: "",
      };
      const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const child = spawn("redis-server", flags, { stdio: "ignore" });
      for (let tries = 0; tries < 100 && !existsSync(socket); tries++) await sleep(50);
      return { socket, process: child };
    },
  },
  bare: {
    write: request("set", `{"sessionId":"s&","key":"k#","value":"${VALUE}","idempotencyKey":"@"}`),
    read: request("get", '{"key":"k#"}'),
    start: async (folder) => {
      const socket = join(folder, "socket");
      return {
        socket,
        process: await ready([join(here, "bareServer.mjs"), socket, join(folder, "journal")]),
      };
    },
  },
  echo: {
    write: undefined,
    read: request("get", '{"key":"k#"}'),
    start: async (folder) => {
      const socket = join(folder, "socket");
      return { socket, process: await ready([join(here, "echoServer.mjs"), socket]) };
    },
  },
};

/** Starts a peer in a new folder below `root`, hands it over, and stops and removes it whatever happens. */
export async function withPeer(name, root, use) {
  const folder = await mkdtemp(join(root, `${name}-`));
  const { socket, process: child } = await PEERS[name].start(folder);
  const gone = new Promise((resolve) => child.once("exit", resolve));
  try {
    return await use(socket, child.pid);
  } finally {
    child.kill("SIGKILL");
    await gone;
    await rm(folder, { recursive: true, force: true });
  }
}

function ready(argv) {
  const child = spawn(process.execPath, [...NODE_FLAGS, ...argv], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.stdout.once("data", () => resolve(child));
    child.once("exit", (code) => reject(new Error(`${argv[0]} ended with ${code} before it was ready`)));
  });
}
