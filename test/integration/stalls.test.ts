import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

import { keeperProgram } from "../../src/process/keeper/program.js";
import type { EventShape, Params } from "../../src/protocol/types.js";
import { daemonForSuite, daemonForTest, type TestDaemon } from "../support/daemon.js";
import type { Peer } from "../support/peer.js";
import { describeIf } from "../support/requires.js";
import { until } from "../support/until.js";

const daemon = daemonForSuite({ inProcess: true });

/** Says `up` and waits for its gate, says `more`, and waits for ever. */
const GATED = 'echo up; until [ -e "$0" ]; do sleep 0.02; done; echo more; exec sleep 1000';

interface Scene {
  peer: Peer;
  readonly sessionId: string;
  readonly gate: string;
  /** The data of the first event of that type. */
  readonly event: <T extends EventShape["type"]>(
    type: T,
  ) => Promise<Extract<EventShape, { type: T }>["data"]>;
}

async function scene(
  on: TestDaemon = daemon(),
  config: Params<"session/create">["config"] = {},
): Promise<Scene> {
  const peer = await on.peer();
  const { sessionId } = await peer.call("session/create", { config });
  await peer.call("event/subscribe", { sessionIds: [sessionId] });
  const gate = join(on.folder, sessionId);
  onTestFinished(async () => {
    await writeFile(gate, "").catch(() => undefined);
    await peer.call("session/end", { sessionId }).catch(() => undefined);
  });
  const event: Scene["event"] = async (type) => {
    const found = await until(type, () =>
      peer.events.find((one) => one.type === type && one.sessionId === sessionId),
    );
    return found.data as never;
  };
  return { peer, sessionId, gate, event };
}

/** The stall after the first output: a machine that is busy may take longer than the policy for that already. */
function stallAfterUp(peer: Peer): Promise<EventShape> {
  return until("the stall", () =>
    peer.events.find((event) => event.type === "command/stalled" && event.data.outputBytes === 3),
  );
}

async function start(
  { peer, sessionId, gate }: Scene,
  script: string,
  more: Partial<Params<"command/start">> = {},
): Promise<string> {
  const { commandId } = await peer.call("command/start", {
    sessionId,
    argv: ["sh", "-c", script, gate],
    ...more,
  });
  return commandId;
}

describe("a command in which nothing moves", () => {
  it("B.4 is told of with what was seen, goes on, and is told of when it moves again", async () => {
    const here = await scene(undefined, { stall: { afterMs: 400, watch: ["output"] } });
    const { peer, sessionId } = here;
    const commandId = await start(here, GATED);
    const told = await stallAfterUp(peer);
    const what = { attempt: 1, action: "tell", afterMs: 400, lastOutputAt: expect.any(String) as string };
    expect(told.data).toMatchObject({ commandId, ...what });
    const stalled = await peer.call("command/get", { commandId });
    expect(stalled).toMatchObject({ status: "running", stalledSince: expect.any(String) as string });
    expect((await peer.call("session/get", { sessionId })).stalledSince).toBe(stalled.stalledSince);
    await writeFile(here.gate, "");
    const recovered = await until("the recovery", () =>
      peer.events.find(({ type, seq }) => type === "command/recovered" && seq > told.seq),
    );
    expect(recovered.data).toMatchObject({ commandId, sign: "output" });
    const between = peer.events.filter(({ seq }) => seq > told.seq && seq < recovered.seq);
    expect(between.map(({ type }) => type)).not.toContain("command/stalled");
  });

  it("B.4 is stopped where the policy says so, and not tried again", async () => {
    const here = await scene(undefined, { stall: { afterMs: 300, action: "stop" } });
    const retry = { maxAttempts: 3, initialIntervalMs: 1 };
    const commandId = await start(here, "trap 'echo bye; exit 1' TERM; echo up; sleep 1000 & wait", {
      retry,
    });
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause: "stalled", attempt: 1 });
    expect(await here.event("command/stalled")).toMatchObject({
      action: "stop",
      cpuMs: expect.any(Number) as number,
    });
    // What it said when it was asked to end was no recovery.
    expect(here.peer.events.map(({ type }) => type)).not.toContain("command/recovered");
    expect(await here.peer.call("session/get", { sessionId: here.sessionId })).not.toHaveProperty(
      "stalledSince",
    );
  });

  it("B.4 is tried again where the policy says so", async () => {
    const here = await scene(undefined, { stall: { afterMs: 3_000 } });
    const retry = { maxAttempts: 2, initialIntervalMs: 1, maximumIntervalMs: 1 };
    const commandId = await start(here, 'test "$SESSIOND_ATTEMPT" = 2 || exec sleep 1000', {
      retry,
      stall: { action: "retry" },
    });
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(await here.event("command/retrying")).toMatchObject({ cause: "stalled" });
  });

  it("B.4 lives by its CPU, of whichever process of its tree", async () => {
    const here = await scene(undefined, { stall: { afterMs: 1_500, watch: ["cpu"] } });
    const busy = 'sh -c \'while [ ! -e "$0" ]; do :; done\' "$0" & wait; exec sleep 1000';
    const commandId = await start(here, busy);
    const { startedAt = "" } = await until("the start", async () => {
      const command = await here.peer.call("command/get", { commandId });
      return command.status === "running" && command;
    });
    await until("twice its time", () => Date.now() - Date.parse(startedAt) > 3_000);
    expect(here.peer.events.map(({ type }) => type)).not.toContain("command/stalled");
    await writeFile(here.gate, "");
    expect(await here.event("command/stalled")).toMatchObject({
      commandId,
      cpuMs: expect.any(Number) as number,
    });
  });

  it("B.4 lives by the heartbeats of its session", async () => {
    const here = await scene(undefined, { stall: { afterMs: 500, watch: ["heartbeat"] } });
    const { peer, sessionId } = here;
    const commandId = await start(here, "while :; do echo talk; sleep 0.05; done");
    expect(await here.event("command/stalled")).not.toHaveProperty("lastHeartbeatAt");
    await peer.call("session/heartbeat", { sessionId });
    expect(await here.event("command/recovered")).toMatchObject({ commandId, sign: "heartbeat" });
  });

  it("B.4 is not watched where nobody says after which time", async () => {
    const here = await scene(undefined, { stall: { action: "stop" } });
    const commandId = await start(here, "sleep 1; exit 4");
    expect(await here.peer.call("command/wait", { commandId })).toMatchObject({ exitCode: 4 });
  });

  it("S0.2 the older limit is told of as well", async () => {
    const here = await scene();
    const commandId = await start(here, "echo up; exec sleep 1000", { stallTimeoutMs: 300 });
    const ended = await here.peer.call("command/wait", { commandId });
    expect(ended).toMatchObject({ status: "timed_out", cause: "stalled" });
    expect(await here.event("command/stalled")).toMatchObject({ action: "retry", afterMs: 300 });
  });
});

describeIf(keeperProgram() !== undefined, "a C compiler", "a stalled command whose daemon is killed", () => {
  it("B.4 is not told of again by the next one, which tells when it moves", async () => {
    const own = await daemonForTest();
    const here = await scene(own, { stall: { afterMs: 400, watch: ["output"] } });
    const commandId = await start(here, GATED);
    const before = await stallAfterUp(here.peer);
    await own.crash();
    here.peer = await own.peer();
    await here.peer.call("event/subscribe", { sessionIds: [here.sessionId], sinceSeq: 0 });
    expect(await here.peer.call("command/get", { commandId })).toHaveProperty("stalledSince");
    await writeFile(here.gate, "");
    const told = await until("its recovery", () => {
      const since = here.peer.events.filter(({ seq }) => seq > before.seq).map(({ type }) => type);
      const types = since.filter((type) => /stalled|recovered/.test(type));
      return types.length > 0 && types;
    });
    expect(told[0]).toBe("command/recovered");
    await here.peer.call("session/end", { sessionId: here.sessionId });
  });
});
