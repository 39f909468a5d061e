import { constants } from "node:fs";
import { lstat } from "node:fs/promises";
import { describe, expect, it } from "vitest";

import { daemonForTest, type TestDaemon } from "../support/daemon.js";
import { StartRefusedError } from "../support/daemonProcess.js";
import { readTree } from "../support/tree.js";

/** Starts a second daemon on the folder, and holds it against what a refused one may do: nothing. */
async function expectRefusal(daemon: TestDaemon): Promise<void> {
  const before = await readTree(daemon.dataDir);
  const rival = daemon.rival();
  const refused: unknown = await rival.ready().catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StartRefusedError);
  const { exitCode, said } = refused as StartRefusedError;
  expect(exitCode).toBe(1);
  expect(said).toContain(`in use by process ${daemon.process.pid}`);
  expect(said).toContain(daemon.dataDir);
  expect([...(await readTree(daemon.dataDir))]).toEqual([...before]);
}

describe("one daemon per data folder", () => {
  it("S1.9 a second one is refused while the first is stopped for long, and writes nothing", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    // Stopped, the first writes nothing either: whatever changes is the second one's doing.
    daemon.process.signal("SIGSTOP");
    await expectRefusal(daemon);
    await expectRefusal(daemon);
    daemon.process.signal("SIGCONT");
    await peer.call("session/record", { sessionId, action: "still here" });
    expect((await peer.call("daemon/status")).pid).toBe(daemon.process.pid);
  });

  it("S1.9 of several that start at once exactly one wins, and the others say who", async () => {
    const daemon = await daemonForTest();
    await daemon.kill();
    const starts = Array.from({ length: 4 }, () => daemon.spawn());
    const results = await Promise.allSettled(starts.map((start) => start.ready()));
    const won = results.flatMap((result) => (result.status === "fulfilled" ? [result.value.pid] : []));
    expect(won).toHaveLength(1);
    expect((await (await daemon.peer()).call("daemon/status")).pid).toBe(won[0]);
    await Promise.all(starts.filter(({ pid }) => pid !== won[0]).map(({ exited }) => exited));
  });

  it("B.5 after kill -9 the next one starts, over the socket and lock that were left behind", async () => {
    const daemon = await daemonForTest();
    const { sessionId } = await (await daemon.peer()).call("session/create");
    await daemon.kill();
    expect((await lstat(daemon.socket)).isSocket()).toBe(true);
    await daemon.start();
    const session = await (await daemon.peer()).call("session/get", { sessionId });
    expect(session.status).toBe("active");
  });

  it("S1.9 what the daemon has is the user's alone", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create", { config: { autoSaveIntervalMs: 100 } });
    await peer.call("session/record", { sessionId, action: "x" });
    await peer.call("command/run", { sessionId, argv: ["echo", "x"] });
    await daemon.restart();
    const open = [...(await readTree(daemon.dataDir))].filter(([path, { mode }]) => {
      // A link has no mode of its own; proper-lockfile's folder is empty, and inside one that nobody else enters.
      const isLink = (mode & constants.S_IFMT) === constants.S_IFLNK;
      return (mode & 0o77) !== 0 && !isLink && path !== "daemon.lock.d";
    });
    expect(open).toEqual([]);
  });
});
