import { createHash, randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import type { Session } from "../../client/index.js";
import { keeperProgram } from "../../src/process/keeper/program.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import { describeIf } from "../support/requires.js";
import { until, within } from "../support/until.js";

const suite = daemonForSuite({ inProcess: true });

async function sessionOf(daemon: TestDaemon): Promise<Session> {
  const client = await daemon.client();
  return client.open("input");
}

async function allOf(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

describe("an open input", () => {
  it("reaches the command piece by piece, and ends when it is told", async () => {
    const session = await sessionOf(suite());
    const command = await session.start(["sh", "-c", "read a; echo got $a; cat; echo over"], {
      openStdin: true,
    });
    const output = command.output();
    await command.write("first\n");
    expect((await within("the answer", output.next())).value).toBe("got first\n");
    await command.write("second\n");
    await command.endInput();
    expect(await within("the rest", allOf(output))).toBe("second\nover\n");
    expect(await command.wait()).toMatchObject({ status: "succeeded", openStdin: true, maxAttempts: 1 });
  });

  it("is true to every byte, at a size that no pipe holds", async () => {
    const session = await sessionOf(suite());
    const file = join(suite().folder, "taken");
    const command = await session.start(["sh", "-c", `cat > '${file}'; sha256sum < '${file}' | cut -c1-64`], {
      openStdin: true,
    });
    const bytes = randomBytes(3_000_000);
    await command.write(bytes);
    await command.endInput();
    const line = await within("the sum", allOf(command.output()));
    expect(line.trim()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("keeps nothing of what is not read: the call says how far it came", async () => {
    const peer = await suite().peer();
    const { sessionId } = await peer.call("session/create");
    const gate = join(suite().folder, "gate");
    const { commandId } = await peer.call("command/start", {
      sessionId,
      argv: ["sh", "-c", `until [ -e '${gate}' ]; do sleep 0.02; done; wc -c`],
      openStdin: true,
    });
    const data = "x".repeat(200_000);
    const first = await peer.call("command/write", { commandId, data, timeoutMs: 50 });
    expect(first.nextBytes).toBeLessThan(data.length);
    writeFileSync(gate, "");
    // The same call again, whole: what was given already is not given again.
    const again = await peer.call("command/write", { commandId, data, offsetBytes: 0, eof: true });
    expect(again).toEqual({ nextBytes: data.length, ended: true });
    await peer.call("command/wait", { commandId });
    expect((await peer.call("command/output", { commandId })).output.trim()).toBe(String(data.length));
    rmSync(gate);
  });

  it("says why a command takes none", async () => {
    const peer = await suite().peer();
    const { sessionId } = await peer.call("session/create");
    const refusal = async (commandId: string, fields: object = {}): Promise<unknown> =>
      (await peer.ask({ method: "command/write", params: { commandId, data: "x", ...fields } })).error;
    const start = async (script: string, fields: object = {}): Promise<string> =>
      (await peer.call("command/start", { sessionId, argv: ["sh", "-c", script], ...fields })).commandId;

    const plain = await start("sleep 60");
    expect(await refusal(plain)).toMatchObject({
      data: { type: "input_closed", hint: expect.stringContaining("openStdin") },
    });
    const deaf = await start("exec <&-; echo deaf; sleep 60", { openStdin: true });
    const heard = await peer.call("command/output", { commandId: deaf, follow: true });
    expect(heard.output).toBe("deaf\n");
    expect(await refusal(deaf)).toMatchObject({ message: expect.stringContaining("closed it") });
    const ended = await start("true", { openStdin: true });
    await peer.call("command/wait", { commandId: ended });
    expect(await refusal(ended)).toMatchObject({ message: expect.stringContaining("has ended (succeeded)") });
    const open = await start("cat >/dev/null; sleep 60", { openStdin: true });
    expect(await refusal(open, { offsetBytes: 7 })).toMatchObject({ data: { givenBytes: 0 } });
    await peer.call("command/write", { commandId: open, eof: true });
    expect(await refusal(open)).toMatchObject({ data: { type: "input_closed" } });
    for (const other of [{ stdin: "x" }, { retry: { maxAttempts: 2 } }]) {
      const params = { sessionId, argv: ["true"], openStdin: true, ...other };
      expect((await peer.ask({ method: "command/start", params })).error).toMatchObject({
        data: { type: "invalid_params" },
      });
    }
    await peer.call("session/end", { sessionId });
  });

  it("works without a keeper, as long as the daemon does", async () => {
    const daemon = await daemonForTest({ inProcess: true, config: { commands: { outliveDaemon: false } } });
    const session = await sessionOf(daemon);
    const command = await session.start(["sh", "-c", "read a; echo got $a; wc -c"], { openStdin: true });
    await command.write("first\n");
    await command.write("x".repeat(500_000));
    await command.endInput();
    expect(await within("the output", allOf(command.output()))).toMatch(/^got first\n\s*500000\n$/);
    const deaf = await session.start(["sh", "-c", "exec <&-; sleep 60"], { openStdin: true });
    const told = (async () => {
      for (;;) await deaf.write("x".repeat(100_000));
    })();
    await expect(within("the refusal", told)).rejects.toMatchObject({ type: "input_closed" });
    await deaf.signal("SIGKILL");
  });

  it("has one file for both outputs where that is wanted, in the order of the writes", async () => {
    const session = await sessionOf(suite());
    const script = "for n in 1 2 3 4 5; do echo out $n; echo err $n >&2; done";
    const command = await session.start(["sh", "-c", script], { mergeStderr: true });
    const lines = [1, 2, 3, 4, 5].flatMap((n) => [`out ${n}\n`, `err ${n}\n`]);
    expect(await within("the output", allOf(command.output()))).toBe(lines.join(""));
    expect(await within("nothing else", allOf(command.output({ stream: "stderr" })))).toBe("");
    expect(await command.wait()).toMatchObject({ mergeStderr: true, stderrBytes: 0 });
  });
});

describeIf(
  keeperProgram() !== undefined,
  "a keeper, built with a C compiler",
  "an open input, while daemons come and go",
  () => {
    it("stays open through kill -9 of the daemon, and nothing is given twice", async () => {
      const daemon = await daemonForTest();
      const session = await sessionOf(daemon);
      const command = await session.start(
        ["sh", "-c", "while read line; do echo got $line; done; echo over"],
        {
          openStdin: true,
        },
      );
      await command.write("one\n");
      await until("the first", async () => (await outputNow(daemon, command.commandId)) === "got one\n");
      await daemon.crash();
      await command.write("two\n");
      await (await daemon.peer()).call("daemon/shutdown");
      await daemon.process.exited;
      await daemon.start();
      await command.write("three\n");
      // Another handle, which knows nothing of the first: it goes on behind it.
      const other = (await sessionOf(daemon)).command(command.commandId);
      await other.write("four\n");
      await daemon.crash();
      await other.endInput();
      await daemon.crash();
      const lines = ["one", "two", "three", "four"].map((word) => `got ${word}\n`).join("");
      expect(await within("the output", allOf(other.output()))).toBe(`${lines}over\n`);
      expect(await other.wait()).toMatchObject({ status: "succeeded", exitCode: 0 });
    });
  },
);

async function outputNow(daemon: TestDaemon, commandId: string): Promise<string> {
  const peer = await daemon.peer();
  const { output } = await peer.call("command/output", { commandId });
  peer.close();
  return output;
}
