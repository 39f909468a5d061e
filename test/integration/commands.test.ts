import { chmod, mkdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";

const daemon = daemonForSuite({ env: { DAEMONS_OWN: "1", HOME: "/" } });
let peer: Peer;
let sessionId: string;

beforeAll(async () => {
  peer = await daemon().peer();
  ({ sessionId } = await peer.call("session/create"));
});

type Request = Omit<Params<"command/run">, "sessionId" | "argv">;

function run(argv: string[], request: Request = {}): Promise<Result<"command/run">> {
  return peer.call("command/run", { sessionId, argv, ...request });
}

function sh(script: string, request: Request = {}): Promise<Result<"command/run">> {
  return run(["sh", "-c", script], request);
}

async function outputOf(commandId: string, stream: "stdout" | "stderr" = "stdout"): Promise<string> {
  return (await peer.call("command/output", { commandId, stream })).output;
}

describe("what becomes of a command", () => {
  it("S0.2 exit codes are told as they are", async () => {
    expect(await run(["true"])).toMatchObject({
      status: "succeeded",
      cause: "exited",
      exitCode: 0,
      attempt: 1,
    });
    for (const exitCode of [1, 2, 126, 127, 255]) {
      const ended = await sh(`exit ${exitCode}`);
      expect(ended).toMatchObject({ status: "failed", cause: "exited", exitCode });
      expect(ended).not.toHaveProperty("signal");
    }
  });

  it("S0.2 a command that a signal ends says which one", async () => {
    for (const signal of ["SIGKILL", "SIGSEGV", "SIGTERM"]) {
      const ended = await sh(`kill -${signal.slice(3)} $$`);
      expect(ended).toMatchObject({ status: "failed", cause: "exited", signal });
      expect(ended).not.toHaveProperty("exitCode");
    }
  });

  it("S0.2 its result, duration and error are recorded", async () => {
    const { commandId, seq, ...accepted } = await peer.call("command/start", {
      sessionId,
      argv: ["sh", "-c", "echo out; echo err >&2; exit 3"],
      name: "to be recorded",
    });
    expect(accepted).toMatchObject({ status: "starting", attempt: 0, name: "to be recorded" });
    expect(seq).toBeGreaterThan(0);
    const ended = await peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "failed", exitCode: 3, stdoutBytes: 4, stderrBytes: 4 });
    expect(ended.durationMs).toBeGreaterThanOrEqual(0);
    const [startedAt, endedAt] = [Date.parse(ended.startedAt ?? ""), Date.parse(ended.endedAt ?? "")];
    expect(endedAt - startedAt).toBe(ended.durationMs);
    expect(await peer.call("command/get", { commandId })).toEqual(ended);
    const { items } = await peer.call("command/list", { sessionId, status: "ended", limit: 1 });
    expect(items).toEqual([ended]);
  });

  it("S0.2 a program that cannot be started says why, and what to do", async () => {
    const { folder } = daemon();
    const plain = join(folder, "plain");
    const broken = join(folder, "broken");
    await writeFile(plain, "");
    await writeFile(broken, "#!/no/such/interpreter\n");
    await chmod(broken, 0o700);
    const cases: [string[], Request, RegExp][] = [
      [["no-such-program-here"], {}, /no such program in PATH.*Check its name/],
      [["/no/such/file"], {}, /there is no such file/],
      [[plain], {}, /may not be run/],
      [[broken], {}, /interpreter/],
      [["true"], { cwd: "/no/such/folder" }, /working directory "\/no\/such\/folder" does not exist/],
      [["true"], { cwd: plain }, /is not a folder/],
    ];
    for (const [argv, request, error] of cases) {
      const ended = await run(argv, { ...request, retry: { maxAttempts: 3 } });
      expect(ended).toMatchObject({ status: "failed", cause: "start_failed", attempt: 0 });
      expect(ended.error).toMatch(error);
      expect(ended).not.toHaveProperty("exitCode");
    }
  });

  it("S0.2 argv is never read by a shell", async () => {
    const words = ["$HOME", "a b", "*", ";exit 9", "`id`", "$(id)", "'", '"', "\\", "", "ü\n", "-n", "|cat"];
    const { commandId } = await run(["printf", "[%s]", ...words]);
    expect(await outputOf(commandId)).toBe(words.map((word) => `[${word}]`).join(""));
  });

  it("S0.2 the caller's environment counts, not the daemon's", async () => {
    const environmentOf = async (request: Request): Promise<Record<string, string>> => {
      const { commandId } = await run(["/usr/bin/env", "-0"], request);
      const entries = (await outputOf(commandId)).split("\0").slice(0, -1);
      return Object.fromEntries(
        entries.map((entry) => [entry.split("=")[0], entry.slice(entry.indexOf("=") + 1)]),
      );
    };
    const without = await environmentOf({});
    expect(without).not.toHaveProperty("DAEMONS_OWN");
    expect(without).toMatchObject({ HOME: "/", SESSIOND_SESSION_ID: sessionId, SESSIOND_ATTEMPT: "1" });
    const given = { CALLERS: "a=b\nc", EMPTY: "", SESSIOND_SESSION_ID: "not this" };
    const { SESSIOND_TOKEN: token, ...others } = await environmentOf({ env: given, commandId: "by-id" });
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(others).toEqual({
      CALLERS: "a=b\nc",
      EMPTY: "",
      SESSIOND_SESSION_ID: sessionId,
      SESSIOND_COMMAND_ID: "by-id",
      SESSIOND_ATTEMPT: "1",
      SESSIOND_SOCKET: daemon().socket,
    });
  });

  it("S0.2 S2.13 the session's environment and working directory hold for its commands alone", async () => {
    const folder = join(await realpath(daemon().folder), "work");
    await mkdir(folder);
    const own = await peer.call("session/create", {
      workingDirectory: folder,
      environment: { OF_SESSION: "yes", GITHUB_TOKEN: "hush", MIRROR: "https://me:hush@host/x" },
    });
    expect(own.environment).toEqual({
      OF_SESSION: "yes",
      GITHUB_TOKEN: "[redacted]",
      MIRROR: "https://me:[redacted]@host/x",
    });
    const argv = ["sh", "-c", "pwd; echo $OF_SESSION $GITHUB_TOKEN $MIRROR $CALLERS"];
    const env = { PATH: process.env["PATH"] ?? "", OF_SESSION: "no", CALLERS: "too" };
    const inIt = await peer.call("command/run", { sessionId: own.sessionId, argv, env });
    expect(await outputOf(inIt.commandId)).toBe(`${folder}\nyes hush https://me:hush@host/x too\n`);
    const elsewhere = await run(argv, { cwd: "/" });
    expect(await outputOf(elsewhere.commandId)).toBe("/\n\n");
  });

  it("S0.2 reads what is given on standard input, and nothing where nothing is given", async () => {
    const stdin = `${"0123456789abcdef".repeat(16_384)}ü\0end`;
    const read = await run(["sha256sum"], { stdin });
    const { createHash } = await import("node:crypto");
    expect(await outputOf(read.commandId)).toContain(createHash("sha256").update(stdin).digest("hex"));
    expect(await outputOf((await run(["wc", "-c"])).commandId)).toBe("0\n");
    // One that does not read it is none the worse for it.
    expect(await run(["true"], { stdin })).toMatchObject({ status: "succeeded" });
  });
});

describe("which commands may run", () => {
  it("S2.13 no more at a time than the session allows", async () => {
    const own = await peer.call("session/create", { config: { maxRunningCommands: 2 } });
    const start = () => peer.call("command/start", { sessionId: own.sessionId, argv: ["sleep", "100"] });
    const [first] = [await start(), await start()];
    await expect(start()).rejects.toMatchObject({
      type: "limit_reached",
      details: { limit: "maxRunningCommands", bound: 2 },
    });
    expect(await run(["true"])).toMatchObject({ status: "succeeded" });
    await peer.call("command/signal", { commandId: first.commandId, signal: "SIGKILL" });
    await peer.call("command/wait", { commandId: first.commandId });
    const third = await start();
    const ended = await peer.call("session/end", { sessionId: own.sessionId });
    expect(ended.commands).toMatchObject({ total: 3 });
    const stopped = await peer.call("command/wait", { commandId: third.commandId });
    expect(stopped).toMatchObject({ status: "cancelled", cause: "session_ended" });
  });

  it("S1.4 an id that is taken is refused, an unknown one is not found", async () => {
    await run(["true"], { commandId: "taken" });
    await expect(run(["true"], { commandId: "taken" })).rejects.toMatchObject({ type: "command_exists" });
    for (const method of ["command/get", "command/wait", "command/output", "command/signal"] as const) {
      await expect(peer.call(method, { commandId: "unknown" })).rejects.toMatchObject({
        type: "command_not_found",
      });
    }
  });

  it("S2.13 what runs in one session is not touched by the end of another", async () => {
    const [ours, theirs] = [await peer.call("session/create"), await peer.call("session/create")];
    const start = (id: string) => peer.call("command/start", { sessionId: id, argv: ["sleep", "100"] });
    const [own, other] = [await start(ours.sessionId), await start(theirs.sessionId)];
    await peer.call("session/end", { sessionId: theirs.sessionId, status: "failed" });
    await peer.call("command/wait", { commandId: other.commandId });
    expect((await peer.call("command/get", { commandId: own.commandId })).status).toMatch(/starting|running/);
    expect((await peer.call("session/get", { sessionId: ours.sessionId })).commands.running).toBe(1);
    await peer.call("session/end", { sessionId: ours.sessionId });
    await peer.call("command/wait", { commandId: own.commandId });
  });
});
