import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Params, Result } from "../../../client/index.js";
import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach");
  await shell.run("call", "session/create", '{"sessionId":"zoo","name":"zoo","tags":["x"]}');
  await shell.run("call", "session/create", '{"sessionId":"ark","name":"ark"}');
  await say("zoo", "user", "where does the lemur sleep?");
  await say("zoo", "assistant", `${"far ".repeat(8)}away the lemur sleeps ${"on and ".repeat(40)}`);
  await say("ark", "user", "no lemur here\u001B[31m");
  await until("the index", async () => (await shell.json<{ complete: boolean }>("search", "lemur")).complete);
});
afterAll(() => shell.close());

const say = (sessionId: string, role: Params<"message/append">["role"], content: string): Promise<unknown> =>
  shell.json("call", "message/append", JSON.stringify({ sessionId, role, content }));

const places = async (...args: string[]): Promise<string[]> =>
  (await shell.json<Result<"search/query">>("search", ...args)).items.map(
    (hit) => `${hit.sessionId} ${hit.index}`,
  );

describe("search", () => {
  it("finds by words, and by session, tag and role", async () => {
    expect((await places("lemur")).toSorted()).toEqual(["ark 1", "zoo 1", "zoo 2"]);
    expect(await places("lemur", "sleep")).toEqual(["zoo 1"]);
    expect(await places('"the lemur"', "--role", "user")).toEqual(["zoo 1"]);
    expect(await places("lemur", "--session", "ark")).toEqual(["ark 1"]);
    expect(await places("lemur", "--tag", "x", "--newest")).toEqual(["zoo 2", "zoo 1"]);
    expect(await places("lemur", "--newest", "--limit", "1")).toEqual(["ark 1"]);
    expect(await places("--", "-sleep*", "lemur")).toEqual(["ark 1"]);
  });

  it("shows where and what, with nothing that would act on a terminal", async () => {
    const { out, exitCode } = await shell.run("search", "lemur", "--newest", "--limit", "2");
    expect(exitCode).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^ark {2}message 1 \(user\) {2}.*ago|now/);
    expect(lines[1]).toBe("  no lemur here\uFFFD[31m");
    expect(lines[2]).toMatch(/^zoo {2}message 2 \(assistant\) /);
    expect(lines[3]).toContain("away the lemur sleeps");
  });

  it("says so where nothing is found, and what a query needs", async () => {
    expect(await shell.run("search", "okapi")).toMatchObject({
      exitCode: 1,
      out: "Nothing has all of these words.\n",
    });
    expect((await shell.run("search", "*")).err).toContain("has no word to look for");
  });
});
