import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { until } from "../../support/until.js";
import { Shell } from "../shell.js";

let shell: Shell;
beforeAll(async () => {
  shell = await Shell.open();
  await shell.run("start", "--detach", "--log-session-max-size-bytes", "1024");
});
afterAll(() => shell.close());

const call = (method: string, params: object): Promise<unknown> =>
  shell.run("call", method, JSON.stringify(params));
const write = (sessionId: string, message: string): Promise<unknown> =>
  call("log/write", { sessionId, message, fields: { pad: "x".repeat(200), level: "odd" } });
const lines = (out: string): Record<string, unknown>[] =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("logs of a session", () => {
  it("S0.7 are its own, by id or name, the same with a daemon and without", async () => {
    await call("session/create", { sessionId: "one", name: "first" });
    await write("one", "of one");
    const { out } = await shell.run("logs", "--json", "first");
    expect(lines(out)).toMatchObject([
      { msg: "Session created", event: "session.created", sessionId: "one", sessionName: "first" },
      { msg: "of one", level: "info", fields: { level: "odd" }, pad: "x".repeat(200) },
    ]);
    expect((await shell.run("logs", "first")).out).toMatch(/INFO: of one /);
    expect((await shell.run("logs", "-n", "1", "--json", "one")).out.split("\n")).toHaveLength(2);
    await shell.run("stop");
    const offline = await shell.run("logs", "--json", "one");
    // Stopping the daemon says nothing of sessions.
    expect(lines(offline.out)).toEqual(lines(out));
    await shell.run("start", "--detach", "--log-session-max-size-bytes", "1024");
  });

  it("S1.7 are followed over files that are rolled, until the session is deleted", async () => {
    await call("session/create", { sessionId: "two" });
    const following = shell.start(["logs", "-f", "-n", "1", "--json", "two"]);
    await until("the first line", () => following.soFar() !== "");
    const messages = Array.from({ length: 12 }, (_, number) => `line ${number}`);
    for (const message of messages) await write("two", message);
    const seen = (): unknown[] => lines(following.soFar()).map(({ msg }) => msg);
    await until("all lines", () => seen().length > 12);
    expect(seen()).toEqual(["Session created", ...messages]);
    await call("session/end", { sessionId: "two" });
    await call("session/delete", { sessionId: "two" });
    expect((await following.ended).exitCode).toBe(0);
  });

  it("are found without a daemon by the beginning of an id, and never are nothing without a word", async () => {
    await call("session/create", { sessionId: "task-1" });
    await write("task-1", "of task 1");
    await shell.run("stop");
    const found = await shell.run("logs", "--json", "tas");
    expect(lines(found.out).map(({ msg }) => msg)).toEqual(["Session created", "of task 1"]);
    const none = await shell.run("logs", "--json", "nobody");
    expect(none).toMatchObject({ exitCode: 1, out: "" });
    expect(none.err).toContain("No line of the log is about a session");
    await shell.run("start", "--detach", "--log-session-max-size-bytes", "1024");
    await call("session/create", { sessionId: "task-10" });
    const online = await shell.run("logs", "nobody");
    expect([online.exitCode, online.err]).toEqual([1, expect.stringContaining("sessiond list --all")]);
    await shell.run("stop");
    expect(lines((await shell.run("logs", "--json", "task-1")).out)).toHaveLength(2);
    const many = await shell.run("logs", "task");
    expect([many.exitCode, many.err]).toEqual([1, expect.stringContaining("More than one session")]);
    await shell.run("start", "--detach", "--log-session-max-size-bytes", "1024");
  });

  it("say so where more lines are asked for than the daemon answers", async () => {
    await shell.run("stop");
    await shell.run("start", "--detach");
    await call("session/create", { sessionId: "long" });
    const entries = Array.from({ length: 500 }, (_, number) => ({ message: `${number}` }));
    for (let round = 0; round < 3; round++) await call("log/write", { sessionId: "long", entries });
    const { out, err, exitCode } = await shell.run("logs", "-n", "5000", "--json", "long");
    expect({ exitCode, lines: lines(out).length }).toEqual({ exitCode: 0, lines: 1_000 });
    expect(err).toContain("the last 1000 lines");
    expect((await shell.run("logs", "-n", "1000", "--json", "long")).err).toBe("");
  });

  it("are looked for in the daemon's where a session keeps none, or is gone", async () => {
    const config = { logging: { enabled: false } };
    await call("session/create", { sessionId: "quiet", config });
    expect((await shell.run("logs", "--json", "quiet")).out).toBe("");
    const { out } = await shell.run("logs", "--json", "two");
    expect(lines(out).at(-1)).toMatchObject({ sessionId: "two", msg: "Session deleted" });
  });
});
