import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { describe, expect, it } from "vitest";

import { errorObject } from "../../src/protocol/errors.js";
import { LineDecoder } from "../../src/rpc/framing.js";
import { daemonForTest } from "../support/daemon.js";
import { rssBytes } from "../support/memory.js";
import { until, within } from "../support/until.js";
import { CAMPAIGN } from "./campaign.js";
import { malformed } from "./malformed.js";
import { Random } from "./random.js";

const MIB = 1_024 * 1_024;
const LANES = 4;
/** Inputs on one connection; then it is ended, or broken off in the midst of one. */
const PER_CONNECTION = 200;
const { code: internalError } = errorObject({ type: "internal_error", message: "" });

interface Answer {
  readonly id?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** What comes back over one connection. */
class Answers {
  readonly faults: string[] = [];
  #waiting: { readonly id: string; readonly resolve: () => void } | undefined;

  constructor(socket: Socket) {
    const decoder = new LineDecoder({ maxBytes: 1_024 * MIB });
    socket.on("data", (chunk: Buffer) => {
      for (const frame of decoder.push(chunk)) {
        if ("fault" in frame) this.faults.push(`a line that is ${frame.fault}`);
        else this.#take(frame.line);
      }
    });
  }

  /** Resolves when the answer to that id is there. */
  to(id: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { id, resolve };
    });
  }

  #take(line: string): void {
    for (const { id, error } of [JSON.parse(line) as Answer | Answer[]].flat()) {
      if (error?.code === internalError) this.faults.push(`${JSON.stringify(id)}: ${error.message}`);
      if (id !== this.#waiting?.id) continue;
      this.#waiting?.resolve();
      this.#waiting = undefined;
    }
  }
}

/** Sends so many over one connection, a few at a time, and expects a good request to be answered in between. */
async function abuse(path: string, random: Random, count: number): Promise<string[]> {
  const socket = connect(path);
  await once(socket, "connect");
  socket.on("error", () => undefined);
  const answers = new Answers(socket);
  for (let sent = 0; sent < count;) {
    const some = Math.min(count - sent, random.between(1, 20));
    const inputs = Array.from({ length: some }, () => [malformed(random), Buffer.from("\n")]);
    sent += some;
    const id = `good-${sent}`;
    const good = answers.to(id);
    socket.write(Buffer.concat(inputs.flat()));
    socket.write(`{"jsonrpc":"2.0","id":"${id}","method":"daemon/ping"}\n`);
    await within(`the answer after ${sent} malformed inputs`, good);
  }
  // Half a line at the end, and no farewell for some.
  socket.write(malformed(random));
  if (random.chance(0.5)) socket.destroy();
  else {
    socket.end();
    await within("the daemon's end of the connection", once(socket, "close"));
  }
  return answers.faults;
}

const { malformedInputs, seed } = CAMPAIGN;

describe("malformed inputs", () => {
  it(
    `B.9 ${malformedInputs} of them: no crash, no hang, no fault of the daemon's own, and memory is bounded`,
    async () => {
      const daemon = await daemonForTest();
      const { pid } = daemon.process;
      const peer = await daemon.peer();
      // The one that the inputs are about.
      await peer.call("session/create", { sessionId: "s" });
      const random = new Random(seed);
      const started = performance.now();
      let left = malformedInputs;
      let warmBytes = 0;
      const lane = async (): Promise<void> => {
        while (left > 0) {
          const count = Math.min(left, PER_CONNECTION);
          left -= count;
          expect(await abuse(daemon.socket, random.fork(), count), `SESSIOND_CRASH_SEED=${seed}`).toEqual([]);
          warmBytes ||= await rssBytes(pid);
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      expect((await peer.call("daemon/status")).pid).toBe(pid);
      await until("the connections to be forgotten", async () => {
        return (await peer.call("daemon/status")).connections === 1;
      });
      const grownBytes = (await rssBytes(pid)) - warmBytes;
      // Some of them are no worse than what a client sends, and make a session.
      const { sessions } = await peer.call("daemon/status");
      expect(grownBytes).toBeLessThan(128 * MIB + sessions.total * 4_096);
      const log = await daemon.log();
      expect(log.filter(({ level }) => level === "error" || level === "fatal")).toEqual([]);
      expect(daemon.process.said).toBe("");
      await peer.call("session/create", { sessionId: "after-all" });
      const rate = Math.round(malformedInputs / ((performance.now() - started) / 1_000));
      const grown = `${Math.round(grownBytes / MIB)} MiB more with ${sessions.total} sessions`;
      process.stdout.write(
        `${malformedInputs} malformed inputs: 0 crashes, 0 hangs, ${rate} a second, ${grown}\n`,
      );
    },
    60_000 + malformedInputs * 10,
  );
});
