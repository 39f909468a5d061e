import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { VERBS } from "../../src/cli/verbTable.js";
import { VERSION } from "../../src/version.js";
import { say } from "./memoryIo.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sessiond-cli-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("help", () => {
  it("lists every verb, in no more than 80 columns", async () => {
    const { exitCode, out } = await say([]);
    expect(exitCode).toBe(0);
    for (const { name } of VERBS) expect(out).toMatch(new RegExp(`^  ${name}`, "m"));
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect((await say(["help"])).out).toBe(out);
    expect((await say(["--help"])).out).toBe(out);
  });

  it.each(VERBS.map(({ name }) => name))("explains %s", async (name) => {
    const { exitCode, out, err } = await say(["help", name]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    expect(out).toContain(`Usage: sessiond ${name}`);
    expect(out).toContain("--data-dir <path>");
  });

  it("knows every setting as an option of start", async () => {
    expect((await say(["start", "--help"])).out).toContain("--sessions-idle-timeout-ms <value>");
    expect((await say(["list", "--help"])).out).not.toContain("idle-timeout");
  });
});

it("says its version in every way that people try", async () => {
  expect((await say(["--version"])).out).toBe(`sessiond ${VERSION}\n`);
  expect((await say(["version"])).out).toContain(`sessiond ${VERSION} `);
  expect(JSON.parse((await say(["version", "--json"])).out)).toMatchObject({ version: VERSION });
});

describe("a call that is wrong", () => {
  it.each([
    [
      ["lst"],
      "sessiond: unknown command 'lst'\n  (Did you mean one of list, ls?)\n  hint: see: sessiond help\n",
    ],
    [["help", "lst"], "sessiond: there is no verb 'lst'\n  hint: see: sessiond help\n"],
    [["show"], "sessiond: missing required argument 'session'\n  hint: see: sessiond help show\n"],
    [["list", "--limit", "x"], /argument 'x' is invalid. It has to be a whole number, 1 or more./],
    [["list", "--status", "x"], /Allowed choices are active, paused/],
    [["run", "--tiemout", "3", "x"], /unknown option '--tiemout'\n {2}\(Did you mean --timeout\?\)/],
    [["call", "session/get", "{"], /The parameters are not JSON/],
    [["call", "session/get", "[]"], /The parameters have to be a JSON object/],
    [["call", "event/subscribe"], /sessiond events -f/],
  ])("%j is refused with what is meant, and 2", async (args, said) => {
    const { exitCode, out, err } = await say(args);
    expect({ exitCode, out }).toEqual({ exitCode: 2, out: "" });
    expect(err).toMatch(said);
  });

  it("is refused as JSON where JSON is asked for", async () => {
    const { exitCode, err } = await say(["show", "--json"]);
    expect(JSON.parse(err)).toEqual({
      error: {
        type: "usage",
        message: "missing required argument 'session'",
        hint: "see: sessiond help show",
        exitCode,
      },
    });
  });
});

describe("without a daemon", () => {
  const verbs = [
    ["ping"],
    ["status"],
    ["list"],
    ["show", "x"],
    ["end", "x"],
    ["release", "x"],
    ["rm", "x"],
    ["run", "--", "true"],
    ["events"],
    ["call", "daemon/ping"],
  ];
  it.each(verbs)("%s ends with 69, names the socket and says how to start it", async (...args) => {
    const socket = join(folder, "none.sock");
    const { exitCode, out, err } = await say([
      "--socket",
      socket,
      ...args.filter((arg) => arg !== undefined),
    ]);
    expect({ exitCode, out }).toEqual({ exitCode: 69, out: "" });
    expect(err).toBe(`sessiond: No daemon answers on ${socket}.\n  hint: start it with: sessiond start\n`);
  });

  it("there is nothing to stop, and that is well", async () => {
    const { exitCode, out } = await say(["stop", "--socket", join(folder, "none.sock")]);
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: "sessiond is not running.\n" });
  });

  it("there is no log, which is said", async () => {
    const { exitCode, err } = await say(["logs", "--data-dir", folder]);
    expect(exitCode).toBe(1);
    expect(err).toContain(`${folder}/log/sessiond.log does not exist`);
  });
});

it("ends with 75 where somebody listens who does not speak the protocol", async () => {
  const socket = join(folder, "odd.sock");
  const server = createServer((connection) => connection.end("hello\n"));
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  try {
    const { exitCode, err } = await say(["ping", "--socket", socket]);
    expect(exitCode).toBe(75);
    expect(err).toContain(`The daemon on ${socket} does not answer.`);
  } finally {
    server.close();
  }
});

describe("the socket that is meant", () => {
  const path = async (args: string[], env: Record<string, string>): Promise<string> =>
    (await say(["socket-path", ...args], { env: { HOME: folder, ...env } })).out.trim();

  it("comes from the flag, the environment, the data folder, or the standard place", async () => {
    expect(await path(["--socket", "/run/a.sock"], { SESSIOND_SOCKET: "/run/b.sock" })).toBe("/run/a.sock");
    expect(await path([], { SESSIOND_SOCKET: "/run/b.sock", SESSIOND_DATA_DIR: "/c" })).toBe("/run/b.sock");
    expect(await path(["--data-dir", "/d"], { SESSIOND_DATA_DIR: "/c" })).toBe("/d/sessiond.sock");
    expect(await path([], { SESSIOND_DATA_DIR: "/c" })).toBe("/c/sessiond.sock");
    const standard = await path([], { XDG_RUNTIME_DIR: "/run/user/5", XDG_CONFIG_HOME: folder });
    expect(standard).toMatch(
      process.platform === "linux" ? "/run/user/5/sessiond/sessiond.sock" : /sessiond\.sock$/,
    );
  });

  it("may be relative on the command line, before the verb and after it", async () => {
    expect(await path(["--socket", "x.sock"], {})).toBe(join(process.cwd(), "x.sock"));
    expect((await say(["--socket", "x.sock", "socket-path"])).out.trim()).toBe(join(process.cwd(), "x.sock"));
  });

  it("comes from the configuration where there is one, found or named", async () => {
    const file = join(folder, "sessiond", "config.json");
    await mkdir(join(folder, "sessiond"));
    await writeFile(file, '{"socket":"/run/configured.sock"}');
    expect(await path(["--config", file], {})).toBe("/run/configured.sock");
    expect(await path([], { SESSIOND_CONFIG: file })).toBe("/run/configured.sock");
    if (process.platform === "linux")
      expect(await path([], { XDG_CONFIG_HOME: folder })).toBe("/run/configured.sock");
    expect(await path(["--socket", "/run/a.sock"], { SESSIOND_CONFIG: file })).toBe("/run/a.sock");
  });

  it("cannot come from a configuration that is wrong", async () => {
    const file = join(folder, "config.json");
    await writeFile(file, '{"sockett":"/run/x.sock"}');
    const { exitCode, err } = await say(["socket-path", "--config", file]);
    expect(exitCode).toBe(78);
    expect(err).toContain("there is no setting sockett; did you mean socket?");
  });
});

it("colours what a person sees, and only then", async () => {
  const args = ["list", "--socket", join(folder, "none.sock")];
  expect((await say(args, { isTerminal: true })).err).toContain("\u001B[31m");
  expect((await say([...args, "--no-color"], { isTerminal: true })).err).not.toContain("\u001B");
  expect((await say(args, { isTerminal: true, env: { NO_COLOR: "1" } })).err).not.toContain("\u001B");
  expect((await say(args)).err).not.toContain("\u001B");
});
