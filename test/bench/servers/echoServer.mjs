/**
 * The floor for reads: a Node server that sends every line back, all that came in one chunk in one write.
 * usage: node echoServer.mjs <socket>
 */
import { createServer } from "node:net";

createServer((socket) => {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    const answers = lines.map((line) => {
      const { id } = JSON.parse(line);
      return `${JSON.stringify({ jsonrpc: "2.0", id, result: { value: "value" } })}\n`;
    });
    socket.write(answers.join(""));
  });
  socket.on("error", () => socket.destroy());
}).listen(process.argv[2]);
