import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  // Small log files, so that following has to go from one into the next.
  await shell.run("start", "--detach", "--log-max-size-bytes", "1024");
});
afterAll(() => shell.close());

const create = (sessionId: string): Promise<unknown> =>
  shell.run("call", "session/create", JSON.stringify({ sessionId }));
const lines = (out: string): Record<string, unknown>[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("events", () => {
  it("prints the past, filtered and cut to the last", async () => {
    await create("one");
    await create("two");
    await shell.run("end", "one");
    const seqs = async (...args: string[]): Promise<unknown[]> =>
      lines((await shell.run("events", "--json", ...args)).out).map(({ seq }) => seq);
    expect(await seqs()).toEqual([1, 2, 3]);
    expect(await seqs("-n", "1")).toEqual([3]);
    expect(await seqs("-n", "0")).toEqual([]);
    expect(await seqs("--since", "1")).toEqual([2, 3]);
    expect(await seqs("--since", "99")).toEqual([]);
    expect(await seqs("--session", "one")).toEqual([1, 3]);
    expect(await seqs("--type", "session/created", "-n", "1")).toEqual([2]);
    expect(await seqs("--type", "session/*", "--session", "one", "--since", "1")).toEqual([3]);
    expect((await shell.run("events", "-n", "1")).out).toMatch(
      /^[\d:]{8} +3 one {2}session\/ended +completed\n$/,
    );
  });

  it("follows, also over a restart of the daemon", async () => {
    const following = shell.start(["events", "-f", "--json", "--since", "0", "--type", "session/created"]);
    await until("the past", () => lines(following.soFar()).length === 2);
    await create("three");
    await until("the present", () => lines(following.soFar()).length === 3);
    await shell.run("restart", "--log-max-size-bytes", "1024");
    await create("four");
    await until("what comes after a restart", () => lines(following.soFar()).length === 4);
    expect(lines(following.soFar()).map(({ sessionId }) => sessionId)).toEqual([
      "one",
      "two",
      "three",
      "four",
    ]);
    following.child.kill("SIGINT");
    expect((await following.ended).signal).toBe("SIGINT");
  });
});

describe("logs", () => {
  it("prints what the daemon wrote, for people and as it is", async () => {
    const { out } = await shell.run("logs", "-n", "1");
    expect(out).toMatch(/^\[[-\d]+ [\d:.]+\] INFO: Session created \{"sessionId":"four".*\}\n$/);
    expect(lines((await shell.run("logs", "-n", "2", "--json")).out)).toHaveLength(2);
  });

  it("prints what is about one session, known or not", async () => {
    const ids = async (session: string): Promise<unknown[]> =>
      lines((await shell.run("logs", "--json", session)).out).map(({ msg }) => msg);
    expect(await ids("one")).toEqual(["Session created", "Session ended"]);
    await shell.run("rm", "one");
    expect(await ids("one")).toContain("Session ended");
  });

  it("follows over files that are rolled, without losing a line", async () => {
    const following = shell.start(["logs", "-f", "-n", "0", "--json"]);
    // Whether it has begun to follow is only to be seen by what it prints.
    await until("the first line", async () => {
      await shell.run("call", "session/create", "{}");
      return following.soFar() !== "";
    });
    const ids = Array.from({ length: 12 }, (_, number) => `rolled-${number}`);
    for (const id of ids) await create(id);
    const seen = (): unknown[] => lines(following.soFar()).map(({ sessionId }) => sessionId);
    await until("all lines", () => seen().includes("rolled-11"));
    expect(seen().filter((id) => String(id).startsWith("rolled-"))).toEqual(ids);
  });

  it("works without a daemon", async () => {
    await shell.run("stop");
    const { exitCode, out } = await shell.run("logs", "--json", "two");
    expect(exitCode).toBe(0);
    expect(lines(out)).toMatchObject([{ sessionId: "two" }]);
  });
});
