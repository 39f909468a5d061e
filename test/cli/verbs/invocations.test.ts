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

describe("the invocations of a session on the command line", () => {
  it("S4.3 are listed, those that run first, and narrowed down", async () => {
    await call("session/create", { sessionId: "a" });
    expect((await shell.run("invocations", "a")).out).toBe("There are no such invocations.\n");
    await call("invocation/link", { sessionId: "a", tool: "git", durationMs: 1_500, path: "/h/1" });
    await call("invocation/link", { sessionId: "a", tool: "grep", status: "failed", error: "no match" });
    await call("invocation/start", { sessionId: "a", tool: "grep", input: { q: 1 } });
    const [title, ...rows] = (await shell.run("invocations", "a")).out.trimEnd().split("\n");
    expect(title).toMatch(/^ID +TOOL +STATUS +STARTED +TOOK +WHAT$/);
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/ grep +running +just now +- +\{"q":1\}$/);
    expect(rows[1]).toMatch(/ grep +failed +.* - +no match$/);
    expect(rows[2]).toMatch(/ git +succeeded +.* 1\.5 s +\/h\/1$/);
    const list = (...args: string[]) => shell.json<Result<"invocation/list">>("invocations", "a", ...args);
    expect(await list("--tool", "grep", "--status", "failed")).toMatchObject({
      items: [{ error: "no match" }],
    });
    expect(await list("--limit", "1")).toMatchObject({ items: [{ status: "running" }], total: 3 });
    const { out } = await shell.run("show", "a");
    expect(out).toMatch(/\nused +2 tool calls in 1\.5 s\ntools +git 1, grep 1, 1 running\n/);
  });
});
