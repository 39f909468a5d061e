import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Result } from "../../../client/index.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
});
afterAll(() => shell.close());

const call = (method: string, params: object): Promise<object> =>
  shell.json("call", method, JSON.stringify(params));
const say = (agentId: string, sessionId: string, prompt: string): Promise<object> =>
  call("chain/append", { agentId, sessionId, prompt, response: "done" });

describe("the chains of agents on the command line", () => {
  it("S3.2 are listed, the last one first, and shown one by one", async () => {
    expect((await shell.run("chains")).out).toBe("No agent has a chain.\n");
    await say("writer", "s1", "begin");
    await say("../odd", "elsewhere", "x");
    await say("writer", "s2", "go on");
    const [title, ...rows] = (await shell.run("chains")).out.trimEnd().split("\n");
    expect(title).toMatch(/^AGENT +CURRENT +TURNS +KEPT +FIRST +LAST$/);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatch(/^writer +s2 +2 +2 +.+$/);
    expect(await shell.json<Result<"chain/list">>("chains", "--limit", "1")).toMatchObject({
      items: [{ agentId: "writer" }],
      total: 2,
    });
    const { out } = await shell.run("chain", "writer");
    expect(out).toMatch(/^# +SESSION +AT +PROMPT +RESPONSE\n2 +s2 .* go on +done\n1 +s1 .* begin +done\n$/);
    expect(await shell.json<Result<"chain/get">>("chain", "writer", "--limit", "1")).toMatchObject({
      items: [{ index: 2 }],
      total: 2,
    });
    const missing = await shell.run("chain", "nobody");
    expect(missing.exitCode).not.toBe(0);
    expect(missing.err).toContain('Agent "nobody" has no chain of sessions.');
    const { out: events } = await shell.run("events", "--type", "chain/*");
    expect(events).toContain("writer in s2: go on");
  });
});

describe("templates on the command line", () => {
  it("S4.7 are listed, and a run makes its session by one", async () => {
    expect((await shell.run("templates")).out).toContain("There are no templates.");
    const defaults = { purpose: "check", tags: ["ci"], workingDirectory: "/" };
    await call("template/save", { templateId: "t", description: "for checks", defaults });
    await call("template/save", { templateId: "named", defaults: { name: "theirs" } });
    const [title, ...rows] = (await shell.run("templates")).out.trimEnd().split("\n");
    expect(title).toMatch(/^TEMPLATE +SAVED +SETS +DESCRIPTION$/);
    expect(rows[1]).toMatch(/^t +.* purpose, .* +for checks$/);
    const newest = async () => (await shell.json<Result<"session/list">>("list", "--limit", "1")).items[0];
    expect(await shell.run("run", "--template", "t", "--", "pwd")).toMatchObject({ out: "/\n", exitCode: 0 });
    expect(await newest()).toMatchObject({ name: "pwd", purpose: "check", tags: ["ci"] });
    await shell.run("run", "--template", "named", "--name", "mine", "--", "true");
    expect(await newest()).toMatchObject({ name: "mine", purpose: "true" });
    await shell.run("run", "--template", "named", "--", "true");
    expect(await newest()).toMatchObject({ name: "theirs" });
    const unknown = await shell.run("run", "--template", "nobody", "--", "true");
    expect(unknown.exitCode).not.toBe(0);
    expect(unknown.err).toContain('There is no template "nobody".');
    const both = await shell.run("run", "--template", "t", "--session", "x", "--", "true");
    expect(both).toMatchObject({ exitCode: 2, err: expect.stringContaining("do not go together") });
  });
});
