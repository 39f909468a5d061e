import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { exported, linesOf, outputOf, ran, writeLines } from "../support/portableFile.js";
import { until } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });
const elsewhere = daemonForSuite({ inProcess: true, config: { commands: { keepPerSession: 3 } } });

let files = 0;

/** A path that nothing lies at. */
const newPath = (): string => join(suite().folder, `file-${(files += 1)}.jsonl`);

describe("commands in a file with everything of a session", () => {
  it("S2.2 are equal elsewhere, with what they wrote, in pieces", async () => {
    const peer = await suite().peer();
    const sessionId = "worked";
    await peer.call("session/create", { sessionId });
    const large = await ran(peer, sessionId, "head -c 700000 /dev/zero | tr '\\0' x; echo no >&2; exit 4");
    await ran(peer, sessionId, "printf '\\377\\000'");
    const quiet = await peer.call("command/start", { sessionId, name: "q", argv: ["/bin/true"] });
    await peer.call("command/wait", { commandId: quiet.commandId });
    const path = await exported(peer, sessionId, newPath());
    const lines = await linesOf(path);
    expect(lines.at(-1)).toMatchObject({ lines: { command: 3, output: 5 }, damaged: { output: 0 } });
    expect(JSON.stringify(lines)).not.toContain('"token"');

    const other = await elsewhere().peer();
    expect((await other.call("session/import", { path })).imported).toEqual([{ sessionId }]);
    const list = { sessionId, limit: 10 };
    expect(await other.call("command/list", list)).toEqual(await peer.call("command/list", list));
    const last = { commandId: large, stream: "stdout", sinceBytes: 600_000, encoding: "utf8" } as const;
    const end = await other.call("command/output", { ...last, limitBytes: 200_000 });
    expect([/^x*$/.test(end.output), end.nextBytes, end.ended]).toEqual([true, 700_000, true]);
    const piece = { stream: "stderr", sinceBytes: 0, encoding: "utf8" } as const;
    expect(await other.call("command/output", { commandId: large, ...piece })).toMatchObject({
      output: "no\n",
      ended: true,
    });
    expect((await linesOf(await exported(other, sessionId, newPath()))).slice(1, -1)).toEqual(
      lines.slice(1, -1),
    );
  });

  it("S2.2 that ran then are lost elsewhere, say why, and keep what they had written", async () => {
    const peer = await suite().peer();
    const sessionId = "running";
    await peer.call("session/create", { sessionId });
    const argv = ["/bin/sh", "-c", "echo begun; exec sleep 600"];
    const { commandId } = await peer.call("command/start", { sessionId, argv });
    await until("its first line", async () => (await outputOf(peer, commandId)) === "begun\n");
    // It may write before it is recorded that it has started.
    await until(
      "its start",
      async () => (await peer.call("command/get", { commandId })).status === "running",
    );
    const path = await exported(peer, sessionId, newPath());
    expect((await linesOf(path)).find(({ line }) => line === "command")).toMatchObject({ status: "running" });
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    const there = await other.call("command/get", { commandId });
    expect(there).toMatchObject({ status: "lost", cause: "daemon_lost", stdoutBytes: 6 });
    expect(there.error).toContain("had not ended when its session was exported");
    expect(there).not.toHaveProperty("pid");
    expect(await outputOf(other, commandId)).toBe("begun\n");
    const { commands } = await other.call("session/get", { sessionId });
    expect(commands).toMatchObject({ total: 1, running: 0, failed: 1 });
    // Nobody stopped it where it runs.
    expect(await peer.call("command/get", { commandId })).toMatchObject({ status: "running" });
    await peer.call("command/signal", { commandId, signal: "SIGKILL" });
    await peer.call("command/wait", { commandId });
  });

  it("S2.2 get ids that are free, and the newest stay where fewer are remembered", async () => {
    const peer = await suite().peer();
    const sessionId = "many";
    await peer.call("session/create", { sessionId });
    for (const id of ["build", "build-2", "test", "deploy", "last"])
      await ran(peer, sessionId, `echo ${id}`, id);
    const path = await exported(peer, sessionId, newPath());
    const twice = await peer.call("session/import", { path, onConflict: "rename" });
    expect(twice.imported).toEqual([{ sessionId: "many-2", renamedFrom: "many", renamedCommands: 5 }]);
    const ids = async (of: Peer, id: string): Promise<string[]> =>
      (await of.call("command/list", { sessionId: id })).items.map(({ commandId }) => commandId).toReversed();
    expect(await ids(peer, "many-2")).toEqual(["build-3", "build-2-2", "test-2", "deploy-2", "last-2"]);
    expect(await outputOf(peer, "build-2-2")).toBe("build-2\n");

    const other = await elsewhere().peer();
    expect((await other.call("session/import", { path })).imported).toEqual([
      { sessionId, ignored: ["the oldest commands (2)"] },
    ]);
    expect(await ids(other, sessionId)).toEqual(["test", "deploy", "last"]);
    const { createdSeq, commands } = await other.call("session/get", { sessionId });
    expect(commands.total).toBe(5);
    const outputs = join(elsewhere().dataDir, "content", `${sessionId}~${createdSeq}`, "output");
    expect((await readdir(outputs)).sort()).toEqual([
      "deploy.stdout.log",
      "last.stdout.log",
      "test.stdout.log",
    ]);
  });

  it("S2.2 of two files of one import do not get the same id", async () => {
    const peer = await suite().peer();
    await peer.call("session/create", { sessionId: "one" });
    await ran(peer, "one", "echo it", "same");
    const lines = (await linesOf(await exported(peer, "one", newPath()))).slice(0, -1);
    const daemon = await daemonForTest({ inProcess: true });
    for (const sessionId of ["one", "two"]) {
      const [head, session, ...rest] = lines;
      const path = await writeLines(newPath(), [{ ...head, sessionId }, { ...session, sessionId }, ...rest]);
      await writeFile(join(daemon.folder, `session_${sessionId}.jsonl`), await readFile(path));
    }
    const there = await daemon.peer();
    expect((await there.call("session/import", { path: daemon.folder })).imported).toEqual([
      { sessionId: "one" },
      { sessionId: "two", renamedCommands: 1 },
    ]);
    expect(await outputOf(there, "same-2")).toBe("it\n");
  });

  it("S2.2 whose output is gone are told as damaged, and the rest of it is there", async () => {
    const peer = await suite().peer();
    const { createdSeq } = await peer.call("session/create", { sessionId: "cut" });
    const commandId = await ran(peer, "cut", "head -c 600000 /dev/zero");
    const name = join(suite().dataDir, "content", `cut~${createdSeq}`, "output", `${commandId}.stdout.log`);
    await writeFile(name, "what is left");
    const path = newPath();
    const result = await peer.call("session/export", { sessionId: "cut", path });
    expect(result.damaged).toBe(2);
    const other = await elsewhere().peer();
    await other.call("session/import", { path });
    expect(await outputOf(other, commandId)).toBe("what is left");
  });
});
