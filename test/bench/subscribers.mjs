/**
 * Subscribers that count what they get and do nothing with it.
 *
 * usage: node subscribers.mjs <socket> <subscribers> <warm-up s> <measured s>
 *
 * Prints "ready" when all have subscribed, and at the end one JSON object: the events per second of the slowest and
 * of the fastest.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const NEWLINE = 10;

const socket = process.argv[2];
const [subscribers, warmUpS, measuredS] = process.argv.slice(3).map(Number);
const counts = Array.from({ length: subscribers }, () => 0);
await Promise.all(counts.map((_, index) => subscribe(index)));
console.log("ready");
await pause(warmUpS * 1_000);
counts.fill(0);
const startedMs = performance.now();
await pause(measuredS * 1_000);
const seconds = (performance.now() - startedMs) / 1_000;
console.log(
  JSON.stringify({ slowest: Math.min(...counts) / seconds, fastest: Math.max(...counts) / seconds }),
);
process.exit(0);

async function subscribe(index) {
  const connection = connect(socket);
  connection.write('{"jsonrpc":"2.0","id":1,"method":"event/subscribe","params":{}}\n');
  const [answer] = await once(connection, "data");
  if (answer.includes('"error"')) throw new Error(`the daemon answered ${answer}`);
  connection.on("data", (chunk) => {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) counts[index]++;
  });
  connection.once("close", () => process.exit(1));
}
