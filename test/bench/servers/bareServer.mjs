/**
 * The bare peer: what Node costs when a server does nothing but the protocol and a durable append. NDJSON over
 * a Unix socket, json-rpc-2.0 as it is, group commit with a callback fdatasync; no validation, no state, no
 * events. usage: node bareServer.mjs <socket> <journal file>
 */
import { fdatasync, openSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { JSONRPCServer } from "json-rpc-2.0";

const [socketPath, journalPath] = process.argv.slice(2);
const journal = openSync(journalPath, "a", 0o600);
let batch = [];
let isSyncing = false;

function commit() {
  if (isSyncing || batch.length === 0) return;
  isSyncing = true;
  const records = batch;
  batch = [];
  writeSync(journal, records.map(({ line }) => line).join(""));
  fdatasync(journal, (error) => {
    if (error) throw error;
    isSyncing = false;
    for (const { resolve } of records) resolve({ ok: true });
    commit();
  });
}

const server = new JSONRPCServer();
server.addMethod("set", (params) => {
  return new Promise((resolve) => {
    batch.push({ line: `${JSON.stringify(params)}\n`, resolve });
    if (batch.length === 1) setImmediate(commit);
  });
});
server.addMethod("get", ({ key }) => ({ key, value: "value" }));

createServer((socket) => {
  let rest = "";
  let answers = [];
  const answer = async (line) => {
    const text = JSON.stringify(await server.receive(JSON.parse(line)));
    if (answers.push(`${text}\n`) === 1) setImmediate(flush);
  };
  const flush = () => {
    socket.write(answers.join(""));
    answers = [];
  };
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      void answer(line);
    }
  });
  socket.on("error", () => socket.destroy());
}).listen(socketPath);
