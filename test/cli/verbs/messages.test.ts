import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { say } from "../memoryIo.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

const create = (sessionId: string): Promise<unknown> =>
  shell.json("call", "session/create", JSON.stringify({ sessionId, name: sessionId }));

describe("a conversation on the command line", () => {
  it("S4.6 is said, and read", async () => {
    await create("zoo");
    expect((await shell.run("messages", "zoo")).out).toBe("Nothing has been said in this session.\n");
    expect((await shell.run("say", "zoo", "where", "does it sleep?")).out).toBe("Message 1\n");
    const stdin = "on a branch\n\n\u001B[31mred\n";
    const said = await shell.runWith({ stdin }, "say", "zoo", "--role", "tool", "--tool", "look", "-");
    expect(said.out).toBe("Message 2\n");
    const { out } = await shell.run("messages", "zoo");
    expect(out.replaceAll(/just now|\d+ s ago/g, "now")).toBe(
      "1 user  now\n  where does it sleep?\n\n2 tool look  now\n  on a branch\n\n  \uFFFD[31mred\n\n",
    );
    const last = await shell.json<Result<"message/list">>("messages", "zoo", "--last", "1");
    expect(last).toMatchObject({ items: [{ index: 2, content: stdin }], total: 2 });
  });

  it("S4.6 says why nothing can be said", async () => {
    await create("over");
    await shell.run("end", "over");
    const { exitCode, err } = await shell.run("say", "over", "late");
    expect(exitCode).toBe(1);
    expect(err).toContain("over");
    expect((await shell.run("say", "over")).exitCode).toBe(2);
  });

  it("S4.6 fits a terminal: lines are broken, and long messages are cut", async () => {
    await create("long");
    const content = `${"word ".repeat(200)}end`;
    for (const text of ["first", content])
      await shell.json(
        "call",
        "message/append",
        JSON.stringify({ sessionId: "long", role: "user", content: text }),
      );
    const onTerminal = async (...options: string[]): Promise<string[]> => {
      const said = await say(["messages", "long", `--socket=${shell.socket}`, "--no-color", ...options], {
        isTerminal: true,
      });
      return said.out.trimEnd().split("\n");
    };
    const short = await onTerminal("--last", "1");
    expect(short).toHaveLength(12);
    expect(short[9]).toBe("  … --full shows all of it");
    expect(short[11]).toBe("1 message of 2; --last shows more");
    const whole = await onTerminal("--full");
    expect(whole.join(" ").match(/word/g)).toHaveLength(200);
    expect(whole.at(-1)).toMatch(/ end$/);
    for (const line of [...short, ...whole]) expect(line.length).toBeLessThanOrEqual(80);
  });
});
