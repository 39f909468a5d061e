import { connect } from "node:net";
import { join } from "node:path";
import { ask, untilAnswers } from "../ask.mjs";
import { startChild } from "../children.mjs";
import { missingProgram } from "../programs.mjs";
import { VALUE } from "./requests.mjs";

const PING = "PING\r\n";
const CHUNK = 10_000;

/** Redis, which syncs its log before it answers as sessiond does. */
export const redis = {
  name: "redis",
  missing: () => missingProgram(["redis-server", "redis-cli"], "redis-server"),
  write: { template: `*4\r\n$4\r\nHSET\r\n$4\r\ns&\r\n$3\r\nk#\r\n$31\r\n${VALUE}\r\n` },
  read: { template: "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", linesPerAnswer: 2 },
  prepare: (socket) => ask(socket, "SET key value-of-some-length-1000000000\r\n"),

  async start(bench, folder) {
    const socket = join(folder, "socket");
    const settings = {
      port: 0,
      unixsocket: socket,
      dir: folder,
      appendonly: "yes",
      appendfsync: "always",
      save: "",
      // The log stays a log of commands: rewritten it would be a snapshot.
      "auto-aof-rewrite-percentage": 0,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const child = startChild(["redis-server", ...flags], bench.env);
    // While it loads its log it answers with an error.
    await untilAnswers(child, socket, PING, (answer) => answer?.startsWith("+PONG"));
    return { child, socket };
  },

  cli: ({ socket }) => ({ argv: ["redis-cli", "-s", socket, "ping"] }),

  /** Writes so many commands of the kind that is measured, and syncs once. */
  async fill(socket, count) {
    await ask(socket, "CONFIG SET appendfsync no\r\n");
    for (let from = 0; from < count; from += CHUNK) await write(socket, from, Math.min(count, from + CHUNK));
    await ask(socket, "CONFIG SET appendfsync always\r\n");
    await ask(socket, "SHUTDOWN\r\n");
  },
};

/** Sends the commands of a range, and resolves when all are answered. */
function write(socket, from, to) {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let answers = 0;
    connection.setEncoding("utf8").on("data", (chunk) => {
      if (chunk.includes("-ERR")) connection.destroy(new Error(`redis answered ${String(chunk)}`));
      answers += chunk.split("\n").length - 1;
      if (answers === to - from) connection.end(resolve);
    });
    connection.once("error", reject);
    let text = "";
    for (let number = from; number < to; number++)
      text += `HSET s${number % 1_000} k${number % 16} value-of-some-length-${1_000_000_000 + number}\r\n`;
    connection.write(text);
  });
}
