import { connect } from "node:net";
import { once } from "node:events";

/** A connection over which one question after the other is asked. */
export async function askOver(socket) {
  const connection = connect(socket);
  await once(connection, "connect");
  const waiting = [];
  let rest = "";
  connection.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    for (const line of lines) waiting.shift()?.(JSON.parse(line));
  });
  connection.once("close", () => {
    for (const settle of waiting) settle({ error: { message: "the daemon closed the connection" } });
  });
  return {
    /** @throws with the error that is answered */
    async ask(method, params) {
      const answer = await new Promise((resolve) => {
        waiting.push(resolve);
        connection.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
      });
      if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
      return answer.result;
    },
    close: () => connection.destroy(),
  };
}
