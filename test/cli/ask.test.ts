import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ask, unanswered } from "../../src/cli/ask.js";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "sessiond-ask-"));
});
afterEach(() => rm(dir, { recursive: true }));

/** Listens with the shortest of queues. What it is, it says on standard output. */
const LISTENER = `require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 }, () => console.log("on"))`;

describe("a question that gets no answer", () => {
  it("says that nobody is there only where the system says so", async () => {
    await writeFile(join(dir, "file"), "");
    expect(await ask(join(dir, "none"), "daemon/ping", 1_000)).toEqual({ state: "absent" });
    const socket = join(dir, "file", "socket");
    const asked = await ask(socket, "daemon/ping", 1_000);
    expect(asked).toEqual({ state: "unreachable", reason: expect.stringContaining("ENOTDIR") });
    if (asked.state === "answered") return;
    expect(unanswered(socket, asked)).toMatchObject({
      type: "not_reachable",
      exitCode: 1,
      message: expect.stringContaining(`${socket} cannot be reached: connect ENOTDIR`),
    });
  });

  it.runIf(process.platform === "linux")(
    "takes one with too many callers for one that is there",
    async () => {
      const socket = join(dir, "socket");
      const listener = spawn(process.execPath, ["-e", LISTENER, socket], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const callers: Socket[] = [];
      try {
        await once(listener.stdout, "data");
        listener.kill("SIGSTOP");
        const refusals: unknown[] = [];
        while (refusals.length === 0 && callers.length < 50) {
          const caller = connect(socket);
          callers.push(caller);
          await once(caller, "connect").catch((error: unknown) => refusals.push(error));
        }
        expect(refusals).toMatchObject([{ code: "EAGAIN" }]);
        expect(await ask(socket, "daemon/ping", 1_000)).toEqual({ state: "silent" });
      } finally {
        for (const caller of callers) caller.destroy();
        listener.kill("SIGKILL");
        await once(listener, "exit");
      }
    },
  );
});
