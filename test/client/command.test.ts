import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { Client, Session } from "../../client/index.js";
import { CommandFailedError, connect } from "../../client/index.js";
import { eventually } from "./eventually.js";
import { ScriptedDaemon, SILENCE } from "./scriptedDaemon.js";
import { SessionStore } from "./sessionStore.js";

let daemon: ScriptedDaemon;
let store: SessionStore;
let client: Client;
let session: Session;

const succeeded = {
  commandId: "c-1",
  argv: ["make", "all"],
  status: "succeeded",
  cause: "exited",
  exitCode: 0,
};

beforeEach(async () => {
  daemon = await ScriptedDaemon.start({
    "command/start": () => ({ commandId: "c-1", status: "starting" }),
    "command/wait": () => succeeded,
  });
  store = new SessionStore(daemon);
  client = await connect({ socket: daemon.socket, retry: { initialIntervalMs: 1, jitter: 0 } });
  session = await client.open("task");
});

afterEach(async () => {
  await client.close();
  await daemon.stop();
});

const started = (): Record<string, unknown> => daemon.of("command/start")[0]?.params ?? {};

describe("run", () => {
  it("starts the command with the environment and folder of this process, and answers it when it is over", async () => {
    await expect(session.run(["make", "all"], { startToCloseMs: 5 })).resolves.toEqual(succeeded);
    const { env, ...rest } = started();
    expect(rest).toMatchObject({
      sessionId: "id-1",
      argv: ["make", "all"],
      cwd: process.cwd(),
      startToCloseMs: 5,
    });
    expect(env).toEqual({ ...process.env });
  });

  it("leaves the folder to a session that has one, and takes what it is told", async () => {
    store.add({ name: "placed", workingDirectory: "/srv" });
    const placed = await client.open("placed");
    await placed.start(["ls"]);
    expect(started()).not.toHaveProperty("cwd");
    await placed.start(["ls"], { cwd: "/tmp", env: { A: "1" } });
    expect(daemon.of("command/start")[1]?.params).toMatchObject({ cwd: "/tmp", env: { A: "1" } });
  });

  it("waits on while the command runs, also across broken connections", async () => {
    const answers: unknown[] = ["running", "drop", "backing_off", "succeeded"];
    daemon.scripts["command/wait"] = ({ peer }) => {
      const status = answers.shift();
      if (status !== "drop") return { ...succeeded, status };
      peer.drop();
      return SILENCE;
    };
    await expect(session.run(["make"])).resolves.toMatchObject({ status: "succeeded" });
    expect(daemon.of("command/start")).toHaveLength(1);
    expect(daemon.of("command/wait")).toHaveLength(4);
  });

  it("answers a command that failed, and throws it only with check", async () => {
    const failed = { ...succeeded, status: "failed", exitCode: 2 };
    daemon.scripts["command/wait"] = () => failed;
    await expect(session.run(["make", "all"])).resolves.toEqual(failed);
    const error = await session.run(["make", "all"], { check: true }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CommandFailedError);
    expect(error).toMatchObject({ command: failed, message: "make all: exit code 2 (command c-1)" });
    daemon.scripts["command/wait"] = () => succeeded;
    await expect(session.run(["make", "all"], { check: true })).resolves.toEqual(succeeded);
  });

  it("stops waiting with its signal; the command runs on", async () => {
    daemon.scripts["command/wait"] = () => SILENCE;
    const abort = new AbortController();
    const running = session.run(["sleep", "9"], { signal: abort.signal });
    await eventually(() => expect(daemon.of("command/wait")).toHaveLength(1));
    abort.abort();
    await expect(running).rejects.toThrow("aborted");
    expect(daemon.of("command/signal")).toHaveLength(0);
  });
});

describe("CommandFailedError", () => {
  it.each([
    [{ cause: "exited", signal: "SIGSEGV" }, "ended by SIGSEGV"],
    [{ cause: "start_failed", error: "make: not found" }, "make: not found"],
    [{ status: "timed_out", cause: "start_to_close" }, "timed_out (start_to_close)"],
    [{ status: "lost" }, "lost"],
  ])("says what happened: %j", (how, message) => {
    const command = { commandId: "c", argv: ["make"], status: "failed", ...how };
    const error = new CommandFailedError(
      command as unknown as ConstructorParameters<typeof CommandFailedError>[0],
    );
    expect(error.message).toBe(`make: ${message} (command c)`);
  });
});

describe("a handle on a command", () => {
  it("gets, signals and waits", async () => {
    daemon.scripts["command/get"] = () => succeeded;
    daemon.scripts["command/signal"] = () => succeeded;
    const handle = await session.start(["make"]);
    expect(handle.commandId).toBe("c-1");
    await expect(handle.get()).resolves.toEqual(succeeded);
    await handle.signal("SIGINT", { graceMs: 100 });
    await handle.signal();
    const [first, second] = daemon.of("command/signal");
    expect(first?.params).toMatchObject({ commandId: "c-1", signal: "SIGINT", graceMs: 100 });
    expect(second?.params).not.toHaveProperty("signal");
    await expect(session.command("c-9").wait()).resolves.toEqual(succeeded);
    expect(daemon.of("command/wait")[0]?.params).toMatchObject({ commandId: "c-9" });
  });

  it("follows the output to its end", async () => {
    const pieces = [
      { output: "one", nextBytes: 3, ended: false },
      { output: "", nextBytes: 3, ended: false },
      { output: "two", nextBytes: 6, ended: true },
    ];
    daemon.scripts["command/output"] = () => pieces.shift();
    const read: string[] = [];
    for await (const piece of session.command("c-1").output()) read.push(piece);
    expect(read).toEqual(["one", "two"]);
    const asked = daemon.of("command/output").map((call) => call.params);
    expect(asked.map((params) => params["sinceBytes"])).toEqual([0, 3, 3]);
    expect(asked[0]).toMatchObject({ commandId: "c-1", stream: "stdout", follow: true });
  });

  it("reads the other stream, from where it is told to", async () => {
    daemon.scripts["command/output"] = () => ({ output: "", nextBytes: 9, ended: true });
    for await (const _ of session.command("c-1").output({ stream: "stderr", sinceBytes: 9 }))
      expect.unreachable();
    expect(daemon.of("command/output")[0]?.params).toMatchObject({ stream: "stderr", sinceBytes: 9 });
  });
});
