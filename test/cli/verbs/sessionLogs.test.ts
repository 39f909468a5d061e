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

  it("are looked for in the daemon's where a session keeps none, or is gone", async () => {
    const config = { logging: { enabled: false } };
    await call("session/create", { sessionId: "quiet", config });
    expect((await shell.run("logs", "--json", "quiet")).out).toBe("");
    const { out } = await shell.run("logs", "--json", "two");
    expect(lines(out).at(-1)).toMatchObject({ sessionId: "two", msg: "Session deleted" });
  });
});
