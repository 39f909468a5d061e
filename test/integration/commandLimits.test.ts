import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { isSame, readIdentity } from "../../src/process/identity.js";
import { daemonForSuite } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });
let peer: Peer;
let sessionId: string;

beforeAll(async () => {
  peer = await daemon().peer();
  ({ sessionId } = await peer.call("session/create"));
});

type Request = Omit<Params<"command/run">, "sessionId" | "argv">;

function run(script: string, request: Request = {}): Promise<Result<"command/run">> {
  return peer.call("command/run", { sessionId, argv: ["sh", "-c", script], ...request });
}

/** Starts a script and waits until it has written its first line, which has to be the pid of its shell. */
async function startAndGreet(
  script: string,
  request: Request = {},
): Promise<{ commandId: string; pid: number }> {
  const argv = ["sh", "-c", `echo $$; ${script}`];
  const { commandId } = await peer.call("command/start", { sessionId, argv, ...request });
  const { output } = await peer.call("command/output", { commandId, follow: true });
  return { commandId, pid: Number.parseInt(output) };
}

/** A zombie whose parent is slow to collect it has ended. */
function isRunning(pid: number): boolean {
  const identity = readIdentity(pid);
  return identity !== undefined && isSame(identity);
}

async function outputOf(commandId: string): Promise<string> {
  return (await peer.call("command/output", { commandId })).output;
}

const QUICK = { initialIntervalMs: 20, backoffCoefficient: 2, maximumIntervalMs: 1_000, jitter: 0 };

describe("retries", () => {
  it("S0.2 S0.1 tries again with exponential pauses until it works", async () => {
    const events = await daemon().peer();
    await events.call("event/subscribe", { sessionIds: [sessionId], types: ["command/*"] });
    const script = 'echo $SESSIOND_ATTEMPT; test "$SESSIOND_ATTEMPT" -ge 4';
    const ended = await run(script, { retry: { ...QUICK, maxAttempts: 6 }, commandId: "four-tries" });
    expect(ended).toMatchObject({ status: "succeeded", attempt: 4, maxAttempts: 6, exitCode: 0 });
    expect(await outputOf("four-tries")).toBe("1\n2\n3\n4\n");
    const own = await events.when("the end", () => {
      const seen = events.events.filter(({ data }) => "commandId" in data && data.commandId === "four-tries");
      return seen.at(-1)?.type === "command/ended" && seen;
    });
    const types = [
      "accepted",
      ...Array.from({ length: 3 }, () => ["started", "retrying"]).flat(),
      "started",
      "ended",
    ];
    expect(own.map(({ type }) => type)).toEqual(types.map((type) => `command/${type}`));
    const pauses = own.flatMap(({ type, at, data }) =>
      type === "command/retrying" ? [Date.parse(data.nextAttemptAt) - Date.parse(at)] : [],
    );
    expect(pauses).toEqual([20, 40, 80]);
    expect((await peer.call("session/stats", { sessionId })).commands.retries).toBe(3);
  });

  it("S0.2 gives up after the last try, and tells the last failure", async () => {
    const ended = await run("exit 5", { retry: { ...QUICK, maxAttempts: 3 } });
    expect(ended).toMatchObject({ status: "failed", attempt: 3, exitCode: 5 });
    expect(await outputOf((await run("echo once")).commandId)).toBe("once\n");
  });

  it("S0.2 exit codes after which trying again makes no sense end it", async () => {
    const retry = { ...QUICK, maxAttempts: 5, nonRetryableExitCodes: [3] };
    expect(await run('exit "$SESSIOND_ATTEMPT"', { retry })).toMatchObject({ attempt: 3, exitCode: 3 });
  });

  it("S0.1 a session's own retry policy holds for its commands, and a command's own goes before it", async () => {
    const own = await peer.call("session/create", { config: { retry: { ...QUICK, maxAttempts: 2 } } });
    const fail = (retry?: object): Promise<Result<"command/run">> =>
      peer.call("command/run", { sessionId: own.sessionId, argv: ["false"], ...(retry && { retry }) });
    expect(await fail()).toMatchObject({ attempt: 2, maxAttempts: 2 });
    expect(await fail({ maxAttempts: 3 })).toMatchObject({ attempt: 3, maxAttempts: 3 });
  });

  it("S0.2 a signal that asks it to end ends its retries, also between two tries", async () => {
    const retry = { ...QUICK, initialIntervalMs: 60_000, maximumIntervalMs: 60_000, maxAttempts: 5 };
    const { commandId } = await peer.call("command/start", { sessionId, argv: ["false"], retry });
    const status = async (): Promise<string> => (await peer.call("command/get", { commandId })).status;
    await until("the pause", async () => (await status()) === "backing_off");
    const waiting = await peer.call("command/get", { commandId });
    expect(waiting).toMatchObject({ attempt: 1, exitCode: 1, nextAttemptAt: expect.any(String) as string });
    await peer.call("command/signal", { commandId });
    expect(await peer.call("command/wait", { commandId })).toMatchObject({ status: "cancelled", attempt: 1 });
  });
});

describe.concurrent("time limits", () => {
  it("S0.2 startToCloseMs ends each try, and the next has its whole time", async () => {
    const retry = { ...QUICK, maxAttempts: 2 };
    const script = 'test "$SESSIOND_ATTEMPT" = 2 || sleep 100';
    expect(await run(script, { startToCloseMs: 100, retry })).toMatchObject({
      status: "succeeded",
      attempt: 2,
    });
    const ended = await run("sleep 100", { startToCloseMs: 60, retry });
    expect(ended).toMatchObject({
      status: "timed_out",
      cause: "start_to_close",
      attempt: 2,
      signal: "SIGTERM",
    });
  });

  it("S0.2 scheduleToCloseMs ends it with all its retries", async () => {
    const retry = { ...QUICK, initialIntervalMs: 300, backoffCoefficient: 1, maxAttempts: 1_000 };
    const ended = await run("false", { scheduleToCloseMs: 1_500, retry });
    expect(["timed_out", "failed"]).toContain(ended.status);
    expect(ended.attempt).toBeGreaterThan(1);
    expect(ended.attempt).toBeLessThan(6);
    const hanging = await run("sleep 100", { scheduleToCloseMs: 80, retry });
    expect(hanging).toMatchObject({ status: "timed_out", cause: "schedule_to_close", attempt: 1 });
  });

  it("S0.2 stallTimeoutMs ends what says nothing, not what goes on talking", async () => {
    const silent = await run("echo begun; sleep 100", { stallTimeoutMs: 300 });
    expect(silent).toMatchObject({ status: "timed_out", cause: "stalled" });
    const talking = await run("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done", {
      stallTimeoutMs: 600,
    });
    expect(talking).toMatchObject({ status: "succeeded" });
  });

  it("S0.1 a session's own limits hold for its commands", async () => {
    const config = { startToCloseMs: 80, graceMs: 50 };
    const own = await peer.call("session/create", { config });
    const ended = await peer.call("command/run", { sessionId: own.sessionId, argv: ["sleep", "100"] });
    expect(ended).toMatchObject({ status: "timed_out", cause: "start_to_close" });
  });
});

describe("stopping", () => {
  it("S0.2 SIGTERM first, SIGKILL after graceMs, and the whole group goes", async () => {
    const file = join(daemon().folder, "child.pid");
    const script = `trap '' TERM; (trap '' TERM; exec sleep 100) & echo $! > '${file}'; echo up; while :; do sleep 1; done`;
    const { commandId, pid } = await startAndGreet(script, { graceMs: 200 });
    const child = Number(
      await until("the child", async () => (await readFile(file, "utf8").catch(() => "")) || false),
    );
    expect([pid, child].every(isRunning)).toBe(true);
    await peer.call("command/signal", { commandId, graceMs: 200 });
    expect(await peer.call("command/wait", { commandId })).toMatchObject({
      status: "cancelled",
      cause: "signalled",
      signal: "SIGKILL",
    });
    await until("both to end", () => ![pid, child].some(isRunning));
  });

  it("S0.2 what a command leaves behind in its group is stopped when it ends", async () => {
    const { commandId } = await startAndGreet("sleep 100 & echo $!; read x; exit 0", { stdin: "" });
    expect(await peer.call("command/wait", { commandId })).toMatchObject({ status: "succeeded" });
    const child = Number((await outputOf(commandId)).split("\n")[1]);
    await until("the child to end", () => !isRunning(child));
  });

  it("S0.2 signals reach the command as they are, and only those that end it cancel it", async () => {
    const script = "trap 'echo usr1; exit 7' USR1; echo ready; while :; do sleep 0.05; done";
    const { commandId } = await startAndGreet(script);
    await until("the trap", async () => (await outputOf(commandId)).includes("ready"));
    const signalled = await peer.call("command/signal", { commandId, signal: "SIGUSR1" });
    expect(signalled.status).toBe("running");
    expect(await peer.call("command/wait", { commandId })).toMatchObject({ status: "failed", exitCode: 7 });
    const late = peer.call("command/signal", { commandId });
    await expect(late).rejects.toMatchObject({ type: "invalid_transition", details: { status: "failed" } });
  });

  it("S0.2 a command that is stopped (SIGSTOP) can be ended", async () => {
    const { commandId } = await startAndGreet("sleep 100");
    await peer.call("command/signal", { commandId, signal: "SIGSTOP" });
    await peer.call("session/touch", { sessionId });
    await peer.call("command/signal", { commandId, signal: "SIGTERM", graceMs: 100 });
    expect(await peer.call("command/wait", { commandId })).toMatchObject({ status: "cancelled" });
  });

  it("S0.2 a signal that comes right behind the start, before it is journaled, still counts", async () => {
    for (let round = 0; round < 10; round += 1) {
      const commandId = `hasty-${round}`;
      const started = peer.call("command/start", { sessionId, commandId, argv: ["sleep", "100"] });
      const signalled = peer.call("command/signal", { commandId });
      await Promise.all([started, signalled]);
      expect(await peer.call("command/wait", { commandId })).toMatchObject({ status: "cancelled" });
    }
  });

  it("S0.2 two starts with one id: the one that is accepted runs, with its own input", async () => {
    const paused = await peer.call("session/create");
    await peer.call("session/pause", { sessionId: paused.sessionId });
    // In one batch, so that both are decided before either of them is durable.
    const start = (id: string, params: object) => {
      const given = { commandId: "twice", argv: ["cat"], ...params };
      return { jsonrpc: "2.0", id, method: "command/start", params: given };
    };
    const answers = Promise.all([peer.answerTo("wrong"), peer.answerTo("right")]);
    peer.send([
      start("wrong", { sessionId: paused.sessionId, stdin: "wrong" }),
      start("right", { sessionId, stdin: "right" }),
    ]);
    const [refused, accepted] = await answers;
    expect(refused.error?.data).toMatchObject({ type: "session_not_active" });
    expect(accepted.result).toMatchObject({ commandId: "twice" });
    const ended = await peer.call("command/wait", { commandId: "twice", timeoutMs: 10_000 });
    expect(ended.status).toBe("succeeded");
    expect(await outputOf("twice")).toBe("right");
  });

  it("S0.2 maxOutputBytes ends what writes without end", async () => {
    const ended = await run("yes", { maxOutputBytes: 100_000 });
    expect(ended).toMatchObject({ status: "failed", cause: "output_limit" });
    expect(ended.stdoutBytes).toBeGreaterThan(100_000);
    const both = await run("head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2; sleep 100", {
      maxOutputBytes: 100_000,
    });
    expect(both).toMatchObject({ cause: "output_limit", stdoutBytes: 60_000, stderrBytes: 60_000 });
  });
});
