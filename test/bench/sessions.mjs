/** Many sessions through one socket, by hand, so that nothing of the client is measured with them. */
import { connect } from "node:net";

const IN_FLIGHT = 100;

/** The id of a session by its number; `load.c` writes the same for its connections. */
export function sessionIdOf(number) {
  return `s${String(number).padStart(3, "0")}`;
}

/** @param {(number: number) => object} fieldsOf what a session has beside its id */
export function createSessions(socket, count, fieldsOf = () => ({})) {
  return sendAll(socket, count, (number) => ({
    method: "session/create",
    params: { sessionId: sessionIdOf(number), ...fieldsOf(number) },
  }));
}

/** Sends so many requests, a bounded number at a time. @throws with the first error that is answered */
export function sendAll(socket, count, requestOf) {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let sent = 0;
    let answered = 0;
    let rest = "";
    const send = () => {
      let text = "";
      for (; sent < count && sent - answered < IN_FLIGHT; sent++)
        text += `${JSON.stringify({ jsonrpc: "2.0", id: sent, ...requestOf(sent) })}\n`;
      if (text !== "") connection.write(text);
    };
    connection.setEncoding("utf8").on("data", (chunk) => {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop();
      const bad = lines.find((line) => line.includes('"error":{'));
      if (bad !== undefined) connection.destroy(new Error(`the daemon answered ${bad}`));
      answered += lines.length;
      if (answered === count) connection.end(resolve);
      else send();
    });
    connection.once("error", reject);
    connection.once("close", () => reject(new Error("the daemon closed the connection")));
    send();
  });
}
