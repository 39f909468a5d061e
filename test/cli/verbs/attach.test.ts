import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { CommandShape, Result } from "../../../client/index.js";
import { keeperProgram } from "../../../src/process/keeper/program.js";
import { describeIf } from "../../support/requires.js";
import { until } from "../../support/until.js";
import { type Running, Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

let gates = 0;

/** A command that says `up` on both outputs, waits for its gate, says `done`, and ends with 7. */
async function gated(openStdin = false): Promise<{ commandId: string; sessionId: string; gate: string }> {
  gates += 1;
  const gate = join(shell.folder, `gate-${gates}`);
  const { sessionId } = await shell.json<Result<"session/create">>("call", "session/create", "{}");
  const script = 'echo up; echo no >&2; until [ -e "$0" ]; do sleep 0.02; done; echo done; exit 7';
  const params = JSON.stringify({ sessionId, argv: ["sh", "-c", script, gate], openStdin });
  const { commandId } = await shell.json<CommandShape>("call", "command/start", params);
  await shell.json("call", "command/output", JSON.stringify({ commandId, follow: true }));
  return { commandId, sessionId, gate };
}

/** Waits until a following call is there, which begins behind what has been written so far. */
async function follows(): Promise<void> {
  const connections = async (): Promise<number> =>
    (await shell.json<Result<"daemon/status">>("status")).connections;
  await until("the connection", async () => (await connections()) > 1);
}

describe("attach", () => {
  it("follows both outputs from the start, by the command or by its session, and ends as it ends", async () => {
    const { commandId, sessionId, gate } = await gated();
    const calls = [commandId, sessionId].map((given) => shell.start(["attach", given]));
    for (const { soFar } of calls) await until("what was written", () => soFar() === "up\n");
    await writeFile(gate, "");
    for (const { ended } of calls)
      expect(await ended).toMatchObject({ exitCode: 7, out: "up\ndone\n", err: "no\n" });
    // What is over is shown as it was.
    expect(await shell.run("attach", sessionId)).toMatchObject({
      exitCode: 7,
      out: "up\ndone\n",
      err: "no\n",
    });
    const shown = await shell.run("attach", "--json", commandId);
    expect(shown.exitCode).toBe(7);
    expect(JSON.parse(shown.out)).toMatchObject({ commandId, status: "failed", exitCode: 7 });
  });

  it("begins where the output is now, where that is wanted", async () => {
    const { commandId, gate } = await gated();
    const running = shell.start(["attach", "--from", "now", commandId]);
    await follows();
    await writeFile(gate, "");
    const { exitCode, out, err } = await running.ended;
    expect({ exitCode, err }).toEqual({ exitCode: 7, err: "" });
    // It may have been written before the call had looked where to begin.
    expect(["done\n", ""]).toContain(out);
    expect(await shell.run("attach", "--from", "now", commandId)).toMatchObject({ exitCode: 7, out: "" });
  });

  it("leaves the command alone with Ctrl-C, and when nobody reads", async () => {
    const { commandId, gate } = await gated();
    const left = shell.start(["attach", commandId]);
    await until("what was written", () => left.soFar() === "up\n");
    left.child.kill("SIGINT");
    expect(await left.ended).toMatchObject({ exitCode: 130, out: "up\n" });
    const deaf = shell.start(["attach", commandId]);
    deaf.child.stdout?.destroy();
    expect((await deaf.ended).exitCode).toBe(141);
    const get = ["call", "command/get", JSON.stringify({ commandId })] as const;
    expect(await shell.json<CommandShape>(...get)).toMatchObject({ status: "running" });
    await writeFile(gate, "");
    expect((await shell.run("attach", commandId)).exitCode).toBe(7);
  });

  it("passes input on where the command takes some", async () => {
    const { sessionId } = await shell.json<Result<"session/create">>("call", "session/create", "{}");
    const params = JSON.stringify({ sessionId, argv: ["sort"], openStdin: true });
    const { commandId } = await shell.json<CommandShape>("call", "command/start", params);
    const sorted = await shell.runWith({ stdin: "b\na\n" }, "attach", "--stdin", commandId);
    expect(sorted).toMatchObject({ exitCode: 0, out: "a\nb\n" });
    const without = await gated();
    const refused = await shell.run("attach", "--stdin", without.commandId);
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain("without an open input");
    await writeFile(without.gate, "");
  });

  it("says what there is not", async () => {
    const { sessionId } = await shell.json<Result<"session/create">>("call", "session/create", "{}");
    expect((await shell.run("attach", sessionId)).err).toContain("has no commands");
    const nothing = await shell.run("attach", "no-such");
    expect(nothing.exitCode).toBe(1);
    expect(nothing.err).toContain('There is no session "no-such", and no command.');
  });
});

describeIf(keeperProgram() !== undefined, "a keeper, built with a C compiler", "whoever follows", () => {
  it("B.11 run and attach go on through kill -9 of the daemon, with input and output, and end as it ends", async () => {
    const script = "echo up; while read line; do echo got $line; done; echo over >&2; exit 5";
    const run = shell.start(["run", "--name", "through", "--", "sh", "-c", script]);
    await until("its start", () => run.soFar() === "up\n");
    const attached = shell.start(["attach", "through"]);
    await until("its start", () => attached.soFar() === "up\n");
    const says = async (word: string): Promise<void> => {
      run.child.stdin?.write(`${word}\n`);
      for (const { soFar } of [run, attached])
        await until(`the answer to ${word}`, () => soFar().endsWith(`got ${word}\n`));
    };
    await says("one");
    await crash();
    await says("two");
    await crash();
    run.child.stdin?.end("three");
    run.child.stdin?.end();
    const out = "up\ngot one\ngot two\n";
    for (const { ended } of [run, attached] as Running[])
      expect(await ended).toMatchObject({ exitCode: 5, out, err: "over\n" });
  });
});

/** `kill -9` of the daemon, and the next one. */
async function crash(): Promise<void> {
  const { pid } = await shell.json<Result<"daemon/status">>("status");
  process.kill(pid, "SIGKILL");
  await until("the daemon's end", async () => (await shell.run("ping")).exitCode !== 0);
  const { exitCode, err } = await shell.run("start", "--detach");
  expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
}
