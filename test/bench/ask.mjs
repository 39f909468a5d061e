/** One question on a Unix socket, in whatever protocol its text is. */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_AGAIN_MS = 2;
const PATIENCE_MS = 120_000;

/** Sends `question` and answers the first bytes that come back; undefined where nobody does. */
export function ask(socket, question) {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const end = (answer) => {
      connection.destroy();
      resolve(answer);
    };
    connection.setEncoding("utf8").once("data", end);
    connection.once("error", () => end()).once("close", () => end());
    connection.write(question);
  });
}

/**
 * Asks again and again until the answer is one.
 *
 * @param {import("./children.mjs").Child} child who is to answer
 * @throws where it ends before, or takes more than two minutes; it is stopped then
 */
export async function untilAnswers(child, socket, question, isAnswer = (text) => text !== undefined) {
  const giveUpAtMs = performance.now() + PATIENCE_MS;
  while (!isAnswer(await ask(socket, question))) {
    const isLate = performance.now() > giveUpAtMs;
    if (isLate || child.hasEnded()) {
      await child.stop();
      throw new Error(
        `${isLate ? "it did not answer in time" : "it ended before it answered"}: ${child.said()}`,
      );
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** Calls one method on a connection of its own, and answers its result. @throws with the error that is answered */
export function call(socket, method, params) {
  return new Promise((resolve, reject) => {
    const connection = connect(socket);
    let text = "";
    connection.once("error", reject);
    connection.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      if (!text.endsWith("\n")) return;
      connection.destroy();
      const { result, error } = JSON.parse(text);
      if (error === undefined) resolve(result);
      else reject(new Error(`${method}: ${error.message}`));
    });
    connection.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
  });
}
