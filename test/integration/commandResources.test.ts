import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";

import type { Params, Result } from "../../src/protocol/types.js";
import { LimitWatch } from "../../src/process/resources/limitWatch.js";
import { daemonForSuite, daemonForTest } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf, hasProgram } from "../support/requires.js";
import { until } from "../support/until.js";

const MIB = 1_048_576;
const HERE = hasProgram("perl") && LimitWatch.isPossible;
const NEEDS = "perl, and /proc with the children of processes";

/** A program that takes memory, says so, and waits. It is told by its argument how many MiB. */
const EAT = 'my $x = "a" x ($ARGV[0] * 1048576); $| = 1; print "full\\n"; sleep 1000;';

type Command = Result<"command/run">;
type Request = Omit<Params<"command/run">, "sessionId" | "argv">;

function perl(script: string, ...args: string[]): string[] {
  return ["perl", "-e", script, ...args];
}

describeIf(HERE, NEEDS, "limits of the machine", () => {
  const daemon = daemonForSuite({ inProcess: true });
  let peer: Peer;
  let sessionId: string;

  beforeAll(async () => {
    peer = await daemon().peer();
    ({ sessionId } = await peer.call("session/create"));
  });

  const run = (argv: string[], request: Request = {}): Promise<Command> =>
    peer.call("command/run", { sessionId, argv, graceMs: 200, ...request });

  it("B.6 S2.1 a command that takes more memory than its limit ends, and says by what and who held it", async () => {
    const ended = await run(perl(EAT, "300"), { limits: { memoryBytes: 64 * MIB } });
    expect(ended).toMatchObject({ status: "failed", cause: "memory_limit", attempt: 1 });
    expect(ended.limits).toMatchObject({ memoryBytes: 64 * MIB, enforcedBy: expect.any(String) as string });
    expect(ended.limits?.notHeld).toBeUndefined();
  });

  it("B.6 what its children take counts, and what they share counts once", async () => {
    // Six processes that share 40 MiB: one by one they would come to 240.
    const share =
      'my $x = "a" x ($ARGV[0] * 1048576); for (1..5) { fork or do { sleep 2; exit 0 } } wait for 1..5;';
    expect(await run(perl(share, "40"), { limits: { memoryBytes: 100 * MIB } })).toMatchObject({
      status: "succeeded",
    });
    const each =
      'for (1..5) { fork or do { my $x = "a" x ($ARGV[0] * 1048576); sleep 1000 } } wait for 1..5; sleep 1000';
    expect(await run(perl(each, "40"), { limits: { memoryBytes: 100 * MIB } })).toMatchObject({
      cause: "memory_limit",
    });
  });

  it("B.6 a command that has too many processes ends, or is refused further ones by the kernel", async () => {
    const forks =
      "my $refused = 0; for (1..40) { my $p = fork; $refused++ unless defined $p; if (defined $p && !$p) { sleep 1000 } } exit 7 if $refused; sleep 1000";
    const ended = await run(perl(forks), { limits: { processes: 20 } });
    if (ended.limits?.enforcedBy === "sampler")
      expect(ended).toMatchObject({ status: "failed", cause: "process_limit" });
    else expect(ended).toMatchObject({ status: "failed", exitCode: 7, limits: { refusedForks: 21 } });
  });

  it("B.6 within its limits it is left alone, and without any nothing is said of them", async () => {
    const within = { memoryBytes: 512 * MIB, processes: 50 };
    expect(await run(["sleep", "0.6"], { limits: within })).toMatchObject({
      status: "succeeded",
      limits: within,
    });
    expect((await run(["true"])).limits).toBeUndefined();
    expect((await run(["true"], { limits: { memoryBytes: 0 } })).limits).toEqual({ memoryBytes: 0 });
  });

  it("B.6 the use of the processor is held by the kernel, or ends it over a window, or is said not to be held", async () => {
    const busy = ["sh", "-c", "while :; do :; done"];
    const { commandId } = await peer.call("command/start", {
      sessionId,
      argv: busy,
      limits: { cpuPercent: 20 },
    });
    const running = await until("its start", async () => {
      const command = await peer.call("command/get", { commandId });
      return command.status === "running" && command;
    });
    if (running.limits?.enforcedBy === undefined || running.limits.enforcedBy === "sampler")
      expect(running.limits).toEqual({ cpuPercent: 20, notHeld: ["cpuPercent"] });
    await peer.call("command/signal", { commandId, signal: "SIGKILL" });
    const ended = peer.call("command/run", {
      sessionId,
      argv: busy,
      graceMs: 200,
      startToCloseMs: 20_000,
      limits: { cpuPercent: 5, cpuWindowMs: 300 },
    });
    expect(["cpu_limit", "start_to_close"]).toContain((await ended).cause);
    if ((await ended).limits?.enforcedBy === "sampler")
      expect(await ended).toMatchObject({ cause: "cpu_limit", status: "failed" });
  });

  it("B.6 S0.2 a try that ran out of memory is tried again where its policy says so", async () => {
    const once = 'if ($ENV{SESSIOND_ATTEMPT} == 1) { my $x = "a" x ($ARGV[0] * 1048576); sleep 1000 }';
    const retry = { maxAttempts: 2, initialIntervalMs: 10, jitter: 0 };
    const ended = await run(perl(once, "300"), { retry, limits: { memoryBytes: 64 * MIB } });
    expect(ended).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("B.6 events say who holds a try, and which limit ended it", async () => {
    const events = await daemon().peer();
    await events.call("event/subscribe", { sessionIds: [sessionId], types: ["command/*"] });
    const { commandId } = await run(perl(EAT, "300"), { limits: { memoryBytes: 64 * MIB } });
    const own = await events.when("the end", () => {
      const seen = events.events.filter(({ data }) => "commandId" in data && data.commandId === commandId);
      return seen.at(-1)?.type === "command/ended" && seen;
    });
    expect(own.map(({ type, data }) => [type, data])).toEqual([
      ["command/accepted", expect.objectContaining({ limits: { memoryBytes: 64 * MIB } })],
      ["command/started", expect.objectContaining({ enforcedBy: expect.any(String) as string })],
      ["command/ended", expect.objectContaining({ status: "failed", cause: "memory_limit" })],
    ]);
  });
});

describeIf(HERE, NEEDS, "limits of a session", () => {
  const daemon = daemonForSuite({ inProcess: true });

  /** Starts a program that takes so much, and waits until it has it. */
  async function eating(peer: Peer, sessionId: string, mib: number): Promise<string> {
    const argv = perl(EAT, String(mib));
    const { commandId } = await peer.call("command/start", { sessionId, argv, graceMs: 200 });
    await peer.call("command/output", { commandId, follow: true });
    return commandId;
  }

  it("B.6 S2.13 hold for all of its commands together: the one that takes most ends, and no other session's", async () => {
    const peer = await daemon().peer();
    const limits = { memoryBytes: 150 * MIB };
    const { sessionId, config } = await peer.call("session/create", { config: { limits } });
    expect(config.limits).toEqual(limits);
    const other = await peer.call("session/create", { config: { limits } });
    const spared = await eating(peer, sessionId, 60);
    const elsewhere = await eating(peer, other.sessionId, 120);
    const ended = await peer.call("command/run", { sessionId, argv: perl(EAT, "120"), graceMs: 200 });
    expect(ended).toMatchObject({ status: "failed", cause: "memory_limit" });
    for (const commandId of [spared, elsewhere])
      expect(await peer.call("command/get", { commandId })).toMatchObject({
        status: "running",
        limits: { enforcedBy: expect.any(String) as string },
      });
  });

  it("B.6 can be changed, and hold at once for what runs", async () => {
    const peer = await daemon().peer();
    const { sessionId } = await peer.call("session/create", {
      config: { limits: { memoryBytes: 500 * MIB } },
    });
    const commandId = await eating(peer, sessionId, 100);
    const changed = await peer.call("session/update", {
      sessionId,
      config: { limits: { memoryBytes: 50 * MIB, processes: 100 } },
    });
    expect(changed.config.limits).toEqual({ memoryBytes: 50 * MIB, processes: 100 });
    expect(await peer.call("command/wait", { commandId })).toMatchObject({ cause: "memory_limit" });
  });
});

describe.skipIf(!HERE)("limits, after the daemon was killed", () => {
  it("B.6 S2.6 hold for what goes on", async () => {
    const daemon = await daemonForTest();
    const peer = await daemon.peer();
    const { sessionId } = await peer.call("session/create");
    const gate = join(daemon.folder, "gate");
    const script = `$| = 1; print "up\\n"; sleep 1 until -e "${gate}"; my $x = "a" x ($ARGV[0] * 1048576); sleep 1000`;
    const limits = { memoryBytes: 64 * MIB };
    const { commandId } = await peer.call("command/start", {
      sessionId,
      argv: perl(script, "300"),
      graceMs: 200,
      limits,
    });
    await peer.call("command/output", { commandId, follow: true });
    const { adoptedCommands } = await daemon.crash();
    await writeFile(gate, "");
    const next = await daemon.peer();
    const ended = await next.call("command/wait", { commandId });
    expect(ended).toMatchObject(
      adoptedCommands === 1 ? { status: "failed", cause: "memory_limit", limits } : { status: "lost" },
    );
  });
});
